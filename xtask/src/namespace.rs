//! Network namespaces: test traffic stays on a loopback of its own, and the network lab needs to make many.

use std::process::Command;

use crate::install::as_root;

/// Brings the loopback of a fresh namespace up, then becomes the program in its arguments.
const BRING_LOOPBACK_UP: &str = "ip link set lo up && exec \"$@\"";

/// The same with an interface that has an address and a default route, behind which there is nobody.
const BRING_INTERFACE_UP: &str = "ip link set lo up && ip link add out type veth peer name nowhere && \
    ip address add 198.51.100.1/24 dev out && ip link set nowhere up && ip link set out up && \
    ip route add default via 198.51.100.2 && exec \"$@\"";

/// A command that runs what is appended to it in a network of its own with nothing but a loopback; where the machine
/// refuses to make one, in the machine's network, which is said.
pub(crate) fn isolated() -> Command {
    brought_up(BRING_LOOPBACK_UP)
}

/// The same for browsers that make no call over a loopback: beside it there is an interface with a default route.
pub(crate) fn isolated_with_interface() -> Command {
    brought_up(BRING_INTERFACE_UP)
}

fn brought_up(script: &str) -> Command {
    for flags in [&["--net"][..], &["--user", "--map-root-user", "--net"][..]] {
        let isolated = || {
            let mut command = Command::new("unshare");
            command.args(flags).args(["--", "sh", "-c", script, "sh"]);
            command
        };
        if isolated().arg("true").output().is_ok_and(|output| output.status.success()) {
            return isolated();
        }
    }
    println!("      unshare --net is refused here: the browsers use this machine's own network interfaces");
    Command::new("env")
}

/// Why the network lab cannot be built on this machine, if it cannot.
pub(crate) fn lab_obstacle() -> Option<String> {
    let name = format!("parlor-{}", std::process::id());
    let made = as_root("ip").args(["netns", "add", &name]).output();
    match made {
        Err(error) => Some(format!("ip netns add: {error}")),
        Ok(output) if !output.status.success() => {
            Some(format!("ip netns add: {}", String::from_utf8_lossy(&output.stderr).trim()))
        }
        Ok(_) => {
            let enter = as_root("ip").args(["netns", "exec", &name, "nft", "list", "ruleset"]).output();
            let removed = as_root("ip").args(["netns", "del", &name]).output();
            let failed =
                [("nft in a namespace", enter), ("ip netns del", removed)].into_iter().find_map(|(what, result)| {
                    match result {
                        Err(error) => Some(format!("{what}: {error}")),
                        Ok(output) if output.status.success() => None,
                        Ok(output) => Some(format!("{what}: {}", String::from_utf8_lossy(&output.stderr).trim())),
                    }
                });
            failed.or_else(|| {
                let tun = std::path::Path::new("/dev/net/tun");
                (!tun.exists()).then(|| "there is no /dev/net/tun, which the impaired links need".to_owned())
            })
        }
    }
}
