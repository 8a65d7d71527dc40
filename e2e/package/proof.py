"""What the Debian package does to a machine with systemd. `cargo xtask test --only package` runs this as root, in a container that it throws
away: a copy of this machine that has booted with nothing but what systemd needs, and a loopback.

Each function is a claim, in the order in which an operator would meet them. The last line counts; the container ends with the number of those that
do not hold.
"""

import gzip
import json
import os
import pwd
import ssl
import socket
import stat
import subprocess
import sys
import time
import traceback
import urllib.request
from pathlib import Path

PACKAGE = "/proof/parlor.deb"
CONFIGURATION = Path("/etc/parlor/parlor.toml")
STATE = Path("/var/lib/parlor")
# What nobody waits for longer than this does not come.
PATIENCE_SECONDS = 20


def run(*command: str) -> str:
    """What the command prints; an error with its words when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"{' '.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


def shown(name: str) -> str:
    return run("systemctl", "show", "parlor", "--property", name, "--value").strip()


def until(condition, what: str) -> None:
    """Waits for something outside this process, a limited time."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE_SECONDS} s\n{journal()}"
        time.sleep(0.1)


def journal() -> str:
    run("journalctl", "--sync")
    return run("journalctl", "--unit", "parlor", "--output", "cat")


def page_is_served() -> bool:
    with urllib.request.urlopen("http://127.0.0.1:8080/", timeout=5) as answer:
        return answer.status == 200 and b"Parlor" in answer.read()


def owner(path: Path) -> tuple[str, str, str]:
    return path.owner(), path.group(), oct(stat.S_IMODE(path.stat().st_mode))


def secrets() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(STATE.iterdir()) if path.is_file()}


def configure(text: str) -> None:
    CONFIGURATION.write_text(CONFIGURATION.read_text() + text)


def installing_starts_the_server():
    run("dpkg", "--install", PACKAGE)
    # At once: systemd was told when every port was open.
    assert shown("ActiveState") == "active", journal()
    assert shown("UnitFileState") == "enabled"
    assert page_is_served()
    assert "localhost:8080" in shown("StatusText"), shown("StatusText")


def its_changelog_begins_with_its_version():
    with gzip.open("/usr/share/doc/parlor/changelog.Debian.gz", "rt") as changelog:
        first = changelog.readline()
    version = run("dpkg-query", "--show", "--showformat", "${Version}", "parlor")
    assert first.startswith(f"parlor ({version}) "), f"{version}: {first}"
    assert run("/usr/bin/parlor", "--version").strip() == f"parlor {version.rsplit('-', 1)[0]}"


def the_server_is_nobody_who_may_do_anything():
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{shown('MainPID')}/status").read_text().splitlines() if ":\t" in line)
    assert status["Uid"].split() == [str(pwd.getpwnam("parlor").pw_uid)] * 4, status["Uid"]
    only_low_ports = 1 << 10
    assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == only_low_ports, status["CapEff"]
    assert status["NoNewPrivs"].strip() == "1"
    assert status["Seccomp"].strip() == "2"


def nobody_else_reads_its_configuration_or_secrets():
    assert owner(CONFIGURATION.parent) == ("root", "parlor", "0o750"), owner(CONFIGURATION.parent)
    assert owner(CONFIGURATION) == ("root", "parlor", "0o640"), owner(CONFIGURATION)
    assert owner(STATE) == ("parlor", "parlor", "0o700"), owner(STATE)
    assert secrets(), "no secret is kept"


def systemd_calls_its_exposure_ok_or_better():
    figure = run("systemd-analyze", "security", "--no-pager", "parlor.service").strip().splitlines()[-1]
    print(f"    {figure}")
    # Tenths, as systemd rates: 5.0 and more is MEDIUM.
    run("systemd-analyze", "security", "--no-pager", "--threshold=49", "parlor.service")


def it_runs_before_others():
    assert os.getpriority(os.PRIO_PROCESS, int(shown("MainPID"))) == -10


def a_meeting_passes_through_it():
    load = ["parlor", "load", "rooms", "http://127.0.0.1:8080", "--rooms", "1", "--publishers", "3", "--duration", "3", "--json"]
    figures = json.loads(run(*load))
    assert figures["streams"] == figures["streams_expected"] > 0 and figures["delivered"] > 0.99, figures


def a_refused_file_changes_nothing():
    before = CONFIGURATION.read_text()
    configure('\n[https]\nlisten = "nonsense"\n')
    run("systemctl", "reload", "parlor")
    until(lambda: "nonsense" in journal(), "the log says what is wrong")
    assert page_is_served()
    CONFIGURATION.write_text(before)


def a_changed_setting_is_taken_up():
    process = shown("MainPID")
    configure("\n[drain]\nseconds = 77\n")
    run("systemctl", "reload", "parlor")
    until(lambda: "drain.seconds" in journal(), "the log names the setting")
    assert shown("MainPID") == process


def port_443_may_be_opened_and_secrets_outlive_a_restart():
    before = secrets()
    configure("\n[https]\nlisten = 443\n")
    run("systemctl", "restart", "parlor")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", 443), timeout=5) as plain, context.wrap_socket(plain) as encrypted:
        assert encrypted.version() == "TLSv1.3", encrypted.version()
    assert secrets() == before


def a_server_that_was_killed_comes_back():
    process = shown("MainPID")
    run("systemctl", "kill", "--signal", "KILL", "parlor")
    until(lambda: shown("ActiveState") == "active" and shown("MainPID") not in (process, "0"), "the next one")
    assert page_is_served()


def a_drained_server_ends_and_stays_so():
    run("runuser", "--user", "parlor", "--", "parlor", "drain", "--config", str(CONFIGURATION))
    until(lambda: shown("ActiveState") == "inactive", "the end")
    assert shown("Result") == "success", shown("Result")


def a_server_that_cannot_start_is_said_to_have_failed():
    before = CONFIGURATION.read_text()
    configure("\n[nothing]\nof_that_name = 1\n")
    started = subprocess.run(["systemctl", "start", "parlor"], capture_output=True, text=True)
    assert started.returncode != 0
    assert "nothing" in journal()
    run("systemctl", "stop", "parlor")
    CONFIGURATION.write_text(before)


def the_package_installed_again_keeps_what_the_operator_wrote():
    run("systemctl", "reset-failed", "parlor")
    before = CONFIGURATION.read_text()
    run("dpkg", "--install", PACKAGE)
    assert CONFIGURATION.read_text() == before
    assert owner(CONFIGURATION) == ("root", "parlor", "0o640"), owner(CONFIGURATION)
    run("systemctl", "start", "parlor")
    assert page_is_served()


def removing_stops_it_and_purging_leaves_only_what_it_was_given_to_keep():
    run("dpkg", "--remove", "parlor")
    assert shown("ActiveState") != "active"
    assert not Path("/usr/bin/parlor").exists()
    assert CONFIGURATION.exists()
    run("dpkg", "--purge", "parlor")
    assert not CONFIGURATION.exists()
    assert not Path("/usr/lib/systemd/system/parlor.service").exists()
    assert STATE.is_dir(), "recordings are not the package's to delete"


CLAIMS = [
    installing_starts_the_server,
    its_changelog_begins_with_its_version,
    the_server_is_nobody_who_may_do_anything,
    nobody_else_reads_its_configuration_or_secrets,
    systemd_calls_its_exposure_ok_or_better,
    it_runs_before_others,
    a_meeting_passes_through_it,
    a_refused_file_changes_nothing,
    a_changed_setting_is_taken_up,
    port_443_may_be_opened_and_secrets_outlive_a_restart,
    a_server_that_was_killed_comes_back,
    a_drained_server_ends_and_stays_so,
    a_server_that_cannot_start_is_said_to_have_failed,
    the_package_installed_again_keeps_what_the_operator_wrote,
    removing_stops_it_and_purging_leaves_only_what_it_was_given_to_keep,
]


def main() -> int:
    failed = 0
    for claim in CLAIMS:
        try:
            claim()
            print(f"  ok      {claim.__name__}", flush=True)
        except Exception:
            failed += 1
            print(f"  FAILED  {claim.__name__}\n{traceback.format_exc()}", flush=True)
    print(f"{len(CLAIMS) - failed} passed, {failed} failed", flush=True)
    return failed


if __name__ == "__main__":
    failures = 1
    try:
        failures = main()
    finally:
        sys.stdout.flush()
        subprocess.run(["systemctl", "--no-block", "exit", str(failures)])
