//! The steps of `cargo xtask test`, in the order in which they run: the quick ones first, each build used by all after it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::Outcome;
use crate::command::log;
use crate::install::{Need, as_root};
use crate::namespace::{isolated, isolated_with_interface, lab_obstacle};
use crate::workspace::{cargo, root, target};

/// One step: what it is called, what it shows to be true, what must be installed, and how it runs with its output in a log.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) proves: &'static str,
    pub(crate) needs: &'static [Need],
    pub(crate) run: fn(&Path) -> Result<Outcome>,
}

/// What Chromium on the loopback needs.
pub(crate) const BROWSER: &[Need] = &[
    Need::Npm("web"),
    Need::Npm("e2e"),
    Need::Debian("chromium", "chromium", "the browser that the end-to-end tests drive"),
    Need::Debian("fonts-dejavu-core", "", "letters in the pages that the browser shows"),
    Need::Debian("fonts-noto-cjk", "", "Chinese letters in the pages that the browser shows"),
    Need::Debian("ffmpeg", "ffmpeg", "the encoder that publishes live streams"),
    Need::Debian("iproute2", "ip", "networks of their own for the tests"),
];

pub(crate) const STEPS: &[Step] = &[
    Step { name: "fmt", proves: "the code is formatted", needs: &[], run: fmt },
    Step { name: "tidy", proves: "the rules of the house that no compiler knows", needs: &[], run: tidy },
    Step {
        name: "web",
        proves: "the web client: types, unit tests, build, size budget",
        needs: &[Need::Npm("web")],
        run: web,
    },
    Step { name: "clippy", proves: "no lint fires", needs: &[Need::Npm("web")], run: clippy },
    Step {
        name: "doc",
        proves: "the documentation builds, every link in it leads somewhere",
        needs: &[Need::Npm("web")],
        run: doc,
    },
    Step {
        name: "rust",
        proves: "unit and integration tests, vectors, models, the committed fuzz corpora",
        needs: &[Need::Npm("web")],
        run: rust,
    },
    Step {
        name: "package",
        proves: "the Debian package: what Debian asks of it, and what it does to a machine with systemd",
        needs: super::package::NEEDS,
        run: package,
    },
    Step {
        name: "foreign",
        proves: "other people's clients: STUN and TURN without a lost packet, meetings, live streams",
        needs: &[
            Need::Npm("web"),
            Need::Debian("coturn", "turnutils_uclient", "its clients turnutils_uclient and turnutils_stunclient"),
            Need::Debian("python3-venv", "", "a Python environment for the clients aioice and aiortc"),
            Need::Debian("gstreamer1.0-tools", "gst-inspect-1.0", "GStreamer, whose webrtcbin joins meetings"),
            Need::Debian("gstreamer1.0-nice", "", "ICE for GStreamer"),
            Need::Debian("gstreamer1.0-plugins-base", "", "pictures, tones and Opus for GStreamer"),
            Need::Debian("gstreamer1.0-plugins-good", "", "VP8 and RTP for GStreamer"),
            Need::Debian(
                "gstreamer1.0-plugins-bad",
                "",
                "webrtcbin, DTLS, SRTP, H.264 and an encoder of H.265 for GStreamer",
            ),
            Need::Debian("gstreamer1.0-libav", "", "a decoder of H.265 for GStreamer"),
            Need::Debian("ffmpeg", "ffmpeg", "ffmpeg and ffprobe, which publish and play live streams"),
            Need::Debian("golang-go", "go", "a compiler for Pion"),
            Need::Debian("golang-github-pion-webrtc.v3-dev", "", "Pion, which joins meetings"),
            Need::Debian("obs-studio", "obs", "OBS, which publishes as people do"),
            Need::Debian("xvfb", "Xvfb", "a screen for OBS that nobody sees"),
            Need::Debian("strace", "strace", "what makes a disk slow"),
            Need::Debian("nginx", "nginx", "a server that live streams go on to"),
            Need::Debian("libnginx-mod-rtmp", "", "its RTMP"),
            Need::Debian("gir1.2-gst-plugins-bad-1.0", "", "webrtcbin for Python"),
            Need::Debian("gir1.2-nice-0.1", "", "ICE for Python"),
            Need::Debian("python3-gi", "", "GStreamer for Python"),
            Need::Debian("iproute2", "ip", "networks of their own for the tests"),
            Need::Pypi,
        ],
        run: foreign,
    },
    Step {
        name: "e2e",
        proves: "two browsers call each other: the whole product as a person uses it",
        needs: &[
            Need::Npm("web"),
            Need::Npm("e2e"),
            Need::Debian("chromium", "chromium", "the browser that the end-to-end tests drive"),
            Need::Debian("firefox-esr", "firefox-esr", "the other browser, in a meeting with the first"),
            Need::Debian("fonts-dejavu-core", "", "letters in the pages that the browsers show"),
            Need::Debian("fonts-noto-cjk", "", "Chinese letters in the pages that the browsers show"),
            Need::Debian("ffmpeg", "ffmpeg", "the encoder that publishes live streams"),
            Need::Debian("python3-venv", "", "the Python environment that has a younger ffmpeg"),
            Need::Pypi,
            Need::Debian("iproute2", "ip", "networks of their own for the tests"),
        ],
        run: e2e,
    },
    Step {
        name: "lab",
        proves: "calls and meetings through NATs, firewalls, a change of network, loss, a narrow line",
        needs: &[
            Need::Npm("web"),
            Need::Npm("e2e"),
            Need::Debian("chromium", "chromium", "the browser that the end-to-end tests drive"),
            Need::Debian("iproute2", "ip", "the hosts and wires of the network lab"),
            Need::Debian("nftables", "nft", "the NATs and firewalls of the network lab"),
        ],
        run: lab,
    },
];

fn fmt(to: &Path) -> Result<Outcome> {
    log(cargo().args(["fmt", "--all", "--check"]), to)?;
    // No member of the workspace: it is built by rustc alone.
    log(Command::new("rustfmt").current_dir(root()).args(["--edition", "2024", "--check", "e2e/lab/wanem.rs"]), to)?;
    Ok(Outcome::Passed)
}

fn tidy(to: &Path) -> Result<Outcome> {
    let this_tool = std::env::current_exe().context("the path of this program")?;
    log(Command::new(this_tool).arg("tidy"), to)?;
    Ok(Outcome::Passed)
}

fn web(to: &Path) -> Result<Outcome> {
    for script in ["check", "test", "build", "size"] {
        log(npm("web").args(["run", "--silent", script]), to)?;
    }
    Ok(Outcome::Passed)
}

fn clippy(to: &Path) -> Result<Outcome> {
    log(cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]), to)?;
    Ok(Outcome::Passed)
}

fn doc(to: &Path) -> Result<Outcome> {
    let mut command = cargo();
    command.env("RUSTDOCFLAGS", "-D warnings");
    log(command.args(["doc", "--workspace", "--no-deps", "--document-private-items"]), to)?;
    Ok(Outcome::Passed)
}

/// The seed of every property: a run on the build machine says whether the change is good, not whether today's numbers were lucky. New
/// numbers are for `cargo xtask fuzz`, and for `cargo test`, which draws them anew each time.
const PROPERTY_SEED: &str = "1";

fn rust(to: &Path) -> Result<Outcome> {
    let mut command = cargo();
    command.env("PROPTEST_RNG_SEED", PROPERTY_SEED);
    log(command.args(["test", "--workspace", "--no-fail-fast"]), to)?;
    Ok(Outcome::Passed)
}

fn package(to: &Path) -> Result<Outcome> {
    parlor(to)?;
    super::package::prove(to)
}

fn foreign(to: &Path) -> Result<Outcome> {
    let binary = parlor(to)?;
    let mut command = Command::new(root().join("e2e/.venv/bin/python"));
    command.current_dir(root()).args(["e2e/foreign/run.py", "--parlor"]).arg(binary);
    log(&mut command, to)?;
    Ok(Outcome::Passed)
}

fn e2e(to: &Path) -> Result<Outcome> {
    let binary = parlor(to)?;
    log(npm("e2e").args(["run", "--silent", "check"]), to)?;
    log(playwright(isolated(), "browser").env("E2E_PARLOR", &binary), to)?;
    log(playwright(isolated_with_interface(), "firefox").env("E2E_PARLOR", &binary), to)?;
    Ok(Outcome::Passed)
}

/// Playwright with one of the projects of e2e/playwright.config.ts, in the network that `command` enters.
pub(crate) fn playwright(mut command: Command, project: &str) -> Command {
    command.current_dir(root().join("e2e")).args(["node_modules/.bin/playwright", "test", "--project", project]);
    command
}

fn lab(to: &Path) -> Result<Outcome> {
    if let Some(obstacle) = lab_obstacle() {
        return Ok(Outcome::Skipped(format!("network namespaces cannot be made: {obstacle}")));
    }
    let binary = parlor(to)?;
    let wanem = wanem(to)?;
    let node = crate::command::path("node").context("node is not on the path")?;
    let mut environment = as_root("env");
    environment.arg("PATH=".to_owned() + &std::env::var("PATH").unwrap_or_default());
    environment.arg(format!("E2E_PARLOR={}", binary.display())).arg(format!("WANEM={}", wanem.display()));
    environment.current_dir(root().join("e2e")).arg(node);
    log(environment.args(["node_modules/.bin/playwright", "test", "--project", "lab"]), to)?;
    Ok(Outcome::Passed)
}

fn npm(folder: &str) -> Command {
    let mut command = Command::new("npm");
    command.current_dir(root().join(folder)).env("CI", "true");
    command
}

/// Builds the server in the profile that the Rust tests have built already; returns its path.
fn parlor(to: &Path) -> Result<PathBuf> {
    log(cargo().args(["build", "--package", "parlor"]), to)?;
    Ok(target().join("debug/parlor"))
}

/// Builds and tests the program that makes bad links; returns its path.
fn wanem(to: &Path) -> Result<PathBuf> {
    let folder = target().join("lab");
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let source = root().join("e2e/lab/wanem.rs");
    let (program, tests) = (folder.join("wanem"), folder.join("wanem-tests"));
    log(Command::new("rustc").args(["--edition", "2024", "-O", "-o"]).arg(&program).arg(&source), to)?;
    log(Command::new("rustc").args(["--edition", "2024", "--test", "-o"]).arg(&tests).arg(&source), to)?;
    log(&mut Command::new(tests), to)?;
    Ok(program)
}
