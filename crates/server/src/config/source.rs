//! Settings from the environment and from `--set`.

use std::ffi::OsString;

use super::error::{ConfigError, Origin, Problem};
use super::setting::Setting;

/// One setting with the value somebody gave it. Not checked yet.
pub(super) struct Assignment {
    pub(super) setting: &'static Setting,
    pub(super) value: toml::Value,
    pub(super) origin: Origin,
}

/// Reads `text` as a TOML value. What is not TOML (`127.0.0.1:8080`, `off`) or only looks like a date is a string as it stands.
pub(super) fn toml_value(text: &str) -> toml::Value {
    let parsed = toml::from_str::<toml::Table>(&format!("value = {text}\n"));
    match parsed.ok().filter(|table| table.len() == 1).and_then(|mut table| table.remove("value")) {
        None | Some(toml::Value::Datetime(_)) => toml::Value::String(text.trim().to_owned()),
        Some(value) => value,
    }
}

/// The settings among the variables. An unknown `PARLOR_` variable is a warning and no error: orchestrators set variables
/// such as `PARLOR_SERVICE_HOST` for every service of that name by themselves.
pub(super) fn from_environment(
    variables: &[(OsString, OsString)],
    warnings: &mut Vec<String>,
) -> Vec<Result<Assignment, ConfigError>> {
    let mut found = Vec::new();
    for (variable, value) in variables {
        // A name that is not UTF-8 is that of no setting, and is shown as well as it can be.
        let variable = variable.to_string_lossy();
        if !variable.starts_with("PARLOR_") {
            continue;
        }
        let setting = super::SETTINGS.iter().find(|setting| setting.variable() == variable);
        let Some(setting) = setting else {
            warnings.push(format!("environment variable {variable} is not a setting and is ignored"));
            continue;
        };
        let origin = Origin::Environment { variable: variable.into_owned() };
        found.push(match value.to_str() {
            Some(text) => Ok(Assignment { setting, value: toml_value(text), origin }),
            None => Err(ConfigError { origin, key: setting.key.to_owned(), problem: Problem::NotUtf8 }),
        });
    }
    found
}

/// One `key=value`.
pub(super) fn from_flag(argument: &str) -> Result<Assignment, ConfigError> {
    let Some((key, text)) = argument.split_once('=') else {
        return Err(ConfigError { origin: Origin::Flag, key: argument.to_owned(), problem: Problem::NotAnAssignment });
    };
    let key = key.trim();
    let Some(setting) = Setting::find(key) else {
        let problem = Problem::UnknownKey { nearest: Setting::nearest(key) };
        return Err(ConfigError { origin: Origin::Flag, key: key.to_owned(), problem });
    };
    Ok(Assignment { setting, value: toml_value(text), origin: Origin::Flag })
}
