//! nginx under measurement: its RTMP module, and its way with files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::encoder::{APP, RTMP_PORT};
use crate::network::ADDRESS;
use crate::process::Process;

/// Starts it with the RTMP module, as its manual says.
pub(crate) async fn start_rtmp(folder: &Path) -> Result<Process> {
    let text = format!("rtmp {{ server {{ listen {ADDRESS}:{RTMP_PORT}; application {APP} {{ live on; }} }} }}\n");
    start(folder, &format!("load_module {MODULES}/ngx_rtmp_module.so;\n"), &text, RTMP_PORT).await
}

/// Starts it with a folder of files.
pub(crate) async fn start_files(folder: &Path) -> Result<Process> {
    let root = files(folder);
    fs::create_dir_all(&root)?;
    let server = format!("server {{ listen {ADDRESS}:{FILES_PORT}; root {}; }}", root.display());
    let text = format!("http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; {server} }}\n");
    start(folder, "", &text, FILES_PORT).await
}

/// Where its files are.
pub(crate) fn files(folder: &Path) -> PathBuf {
    folder.join("www")
}

/// In one process, which is the whole of it.
async fn start(folder: &Path, modules: &str, text: &str, port: u16) -> Result<Process> {
    let settings = folder.join("nginx.conf");
    let general = format!(
        "daemon off;\nmaster_process off;\nuser root;\npid {0}/nginx.pid;\nerror_log stderr warn;\nevents {{ worker_connections 2048; }}\n",
        folder.display()
    );
    fs::write(&settings, [modules, &general, text].concat()).context("nginx.conf")?;
    let mut command = Command::new("nginx");
    command.arg("-c").arg(&settings).arg("-p").arg(folder);
    Process::start(&mut command, &folder.join("nginx.log"), port).await
}

/// Its name and version.
pub(crate) fn version() -> Result<String> {
    let output = Command::new("nginx").arg("-v").output();
    let output = output.context("nginx is not installed: apt-get install nginx libnginx-mod-rtmp")?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    Ok(text.trim().rsplit(' ').next().unwrap_or("nginx").replace('/', " "))
}

/// Where Debian has its modules.
const MODULES: &str = "/usr/lib/nginx/modules";
/// For files.
pub(crate) const FILES_PORT: u16 = 8081;
