//! Runs other programs.

use std::fmt::Write as _;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// The command as one could type it.
pub(crate) fn line(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        let argument = argument.to_string_lossy();
        if argument.is_empty() || argument.contains([' ', '"', '$', '*', '(']) {
            let _ = write!(text, " '{argument}'");
        } else {
            let _ = write!(text, " {argument}");
        }
    }
    text
}

/// Runs with the terminal of this process; an exit code other than 0 is an error.
pub(crate) fn show(command: &mut Command) -> Result<()> {
    let status = command.stdin(Stdio::null()).status().with_context(|| format!("cannot start {}", line(command)))?;
    if !status.success() {
        bail!("{}: {status}", line(command));
    }
    Ok(())
}

/// Runs with all output appended to `log`; an exit code other than 0 is an error.
pub(crate) fn log(command: &mut Command, log: &Path) -> Result<()> {
    let out = File::options().create(true).append(true).open(log).with_context(|| log.display().to_string())?;
    let err = out.try_clone().context("duplicate the log's descriptor")?;
    show(command.stdout(out).stderr(err))
}

/// What the command printed on its standard output; an exit code other than 0 is an error that shows its standard error.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot start {}", line(command)))?;
    if !output.status.success() {
        bail!("{}: {}\n{}", line(command), output.status, String::from_utf8_lossy(&output.stderr));
    }
    String::from_utf8(output.stdout).with_context(|| format!("{} printed bytes that are not UTF-8", line(command)))
}

/// Where on the path a program of this name is.
pub(crate) fn path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Whether a program of this name is on the path.
pub(crate) fn exists(program: &str) -> bool {
    path(program).is_some()
}
