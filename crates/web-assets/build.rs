//! Builds the web client when `web/dist` is missing or older than its sources, and makes the table of its files with their
//! compressed forms and entity tags.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::SystemTime;

use anyhow::{Context as _, Result, bail, ensure};
use sha2::{Digest as _, Sha256};

/// What the client is built from, relative to `web/`.
const SOURCES: &[&str] =
    &["index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "src", "public"];

/// Vite 8 needs it.
const NODE_MAJOR_MIN: u32 = 20;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            for line in format!("{error:#}").lines() {
                println!("cargo::error={line}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web");
    println!("cargo::rerun-if-changed=build.rs");
    let sources: Vec<PathBuf> = SOURCES.iter().map(|name| web.join(name)).filter(|path| path.exists()).collect();
    for path in &sources {
        println!("cargo::rerun-if-changed={}", path.display());
    }
    let dist = web.join("dist");
    if is_stale(&dist.join("index.html"), &sources)? {
        build(&web)?;
    }
    let out = PathBuf::from(std::env::var_os("OUT_DIR").context("cargo sets OUT_DIR")?);
    embed(&dist, &out)
}

/// Whether the page is missing or older than something it is built from.
fn is_stale(page: &Path, sources: &[PathBuf]) -> Result<bool> {
    let Ok(built) = fs::metadata(page).and_then(|metadata| metadata.modified()) else { return Ok(true) };
    for source in sources {
        if newest(source)? > built {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The latest modification in a file or a tree.
fn newest(path: &Path) -> Result<SystemTime> {
    let metadata = fs::metadata(path).with_context(|| path.display().to_string())?;
    let mut latest = metadata.modified()?;
    if metadata.is_dir() {
        for entry in fs::read_dir(path)? {
            latest = latest.max(newest(&entry?.path())?);
        }
    }
    Ok(latest)
}

/// `npm ci` when the installed packages are not those of the lock file, then `npm run build`.
fn build(web: &Path) -> Result<()> {
    check_node()?;
    let installed = web.join("node_modules/.package-lock.json");
    if is_stale(&installed, &[web.join("package-lock.json")])? {
        npm(web, &["ci", "--no-audit", "--no-fund"])?;
    }
    npm(web, &["run", "build"])
}

fn check_node() -> Result<()> {
    let advice =
        "Building Parlor builds its web client: install Node.js 20 or newer with npm (Debian: apt install nodejs npm).";
    let Ok(output) = Command::new("node").arg("--version").output() else { bail!("node is missing. {advice}") };
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    ensure!(major.is_some_and(|major| major >= NODE_MAJOR_MIN), "node {version} is too old. {advice}");
    ensure!(Command::new("npm").arg("--version").output().is_ok(), "npm is missing. {advice}");
    Ok(())
}

fn npm(web: &Path, arguments: &[&str]) -> Result<()> {
    let command = format!("npm {}", arguments.join(" "));
    let output = Command::new("npm")
        .args(arguments)
        .current_dir(web)
        .output()
        .with_context(|| format!("`{command}` cannot be started"))?;
    ensure!(
        output.status.success(),
        "`{command}` in web/ failed:\n{}\n{}",
        String::from_utf8_lossy(&output.stdout).trim_end(),
        String::from_utf8_lossy(&output.stderr).trim_end()
    );
    Ok(())
}

/// Writes `assets.rs` and the files it includes into `out`.
fn embed(dist: &Path, out: &Path) -> Result<()> {
    let mut files = Vec::new();
    list(dist, &mut files)?;
    let mut paths: Vec<(String, PathBuf)> = files
        .into_iter()
        .map(|file| Ok((format!("/{}", file.strip_prefix(dist)?.to_string_lossy().replace('\\', "/")), file)))
        .collect::<Result<_>>()?;
    paths.sort();
    let mut table = String::from("&[\n");
    for (index, (path, file)) in paths.iter().enumerate() {
        let content = fs::read(file)?;
        let kept = |form: &str, bytes: &[u8]| -> Result<String> {
            let copy = out.join(format!("{index}.{form}"));
            fs::write(&copy, bytes)?;
            Ok(format!("include_bytes!({:?})", copy.to_string_lossy()))
        };
        let smaller = |form: &str, bytes: Vec<u8>| -> Result<String> {
            if bytes.len() < content.len() {
                Ok(format!("Some({})", kept(form, &bytes)?))
            } else {
                Ok("None".to_owned())
            }
        };
        writeln!(
            table,
            "Asset {{ path: {path:?}, content_type: {:?}, etag: {:?}, immutable: {}, identity: {}, br: {}, gzip: {} }},",
            content_type(file),
            etag(&content),
            path.starts_with("/assets/"),
            kept("identity", &content)?,
            smaller("br", brotli(&content)?)?,
            smaller("gz", gzip(&content)?)?,
        )?;
    }
    table.push(']');
    fs::write(out.join("assets.rs"), table)?;
    Ok(())
}

fn list(directory: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(directory).with_context(|| format!("{} is missing", directory.display()))? {
        let path = entry?.path();
        if path.is_dir() { list(&path, files)? } else { files.push(path) }
    }
    Ok(())
}

fn content_type(file: &Path) -> &'static str {
    match file.extension().and_then(OsStr::to_str).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        "wav" => "audio/wav",
        _ => "application/octet-stream",
    }
}

/// The first 16 bytes of the SHA-256, in hexadecimal: enough that two contents never share it.
fn etag(content: &[u8]) -> String {
    let digest = Sha256::digest(content);
    let hex = digest.iter().take(16).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    format!("\"{hex}\"")
}

fn brotli(content: &[u8]) -> Result<Vec<u8>> {
    let mut writer = brotli::CompressorWriter::new(Vec::new(), 1 << 16, 11, 22);
    writer.write_all(content)?;
    Ok(writer.into_inner())
}

fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(content)?;
    Ok(writer.finish()?)
}
