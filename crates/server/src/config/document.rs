//! The documents made of the table: the commented sample file and the reference page.

use std::fmt::Write as _;

use super::SETTINGS;

/// The commented sample file. Every line is a comment: as it stands it changes nothing.
#[must_use]
pub fn sample() -> String {
    let mut text = String::from(
        "# Parlor configuration (TOML). Every setting is listed with its default; take away the # to change one.\n\
         # Use: parlor serve --config parlor.toml   or for one setting: --set key=value, or its environment variable.\n",
    );
    for setting in SETTINGS {
        text.push('\n');
        for line in setting.docs {
            let _ = writeln!(text, "#{line}");
        }
        if let Some(example) = setting.example {
            let _ = writeln!(text, "# Example: {} = {example}", setting.key);
        }
        let _ = writeln!(text, "#{} = {}", setting.key, setting.default);
    }
    text
}

/// `docs/configuration.md`.
#[must_use]
pub fn markdown() -> String {
    let mut text = String::from(
        "# Configuration\n\n\
         Parlor needs no configuration to start. What you want otherwise you set, strongest first, by\n\n\
         - `parlor serve --set key=value` (any number of times; the value is TOML, a bare word is a string),\n\
         - an environment variable: `http.listen` is `PARLOR_HTTP_LISTEN`,\n\
         - a TOML file: `parlor serve --config parlor.toml`; `parlor config` prints a commented sample.\n\n\
         Unknown keys and values that cannot be are refused with their place and what would be right. For limits, 0 means no limit.\n\
         An address to listen on is a port (`8080`: every address of the machine, IPv4 and IPv6), an address with a port\n\
         (`\"127.0.0.1:8080\"`, `\"[::1]:8080\"`), a list of these, or `\"off\"`. Port 0 lets the system choose.\n\n\
         This page is made from the table in `crates/server/src/config/settings.rs`; `UPDATE=1 cargo test -p server` writes it anew.\n",
    );
    let mut section = "";
    for setting in SETTINGS {
        let of = setting.key.split('.').next().unwrap_or(setting.key);
        if of != section {
            section = of;
            let _ = writeln!(text, "\n## {section}");
        }
        let _ = writeln!(text, "\n### `{}`", setting.key);
        let docs: Vec<&str> = setting.docs.iter().map(|line| line.trim()).collect();
        let _ = writeln!(text, "{}\n", docs.join("\n"));
        let _ = writeln!(text, "- Value: {}", setting.kind);
        let _ = writeln!(text, "- Default: `{}`", setting.default);
        if let Some(example) = setting.example {
            let _ = writeln!(text, "- Example: `{} = {example}`", setting.key);
        }
        let _ = writeln!(text, "- Environment: `{}`", setting.variable());
    }
    text
}
