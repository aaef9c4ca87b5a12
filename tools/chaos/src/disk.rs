//! A small disk for one node that can be filled: a tmpfs, if the system lets the tool mount one.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// More than a node needs for days. When it is full it uses this much memory, which is acceptable for a test.
const SIZE: &str = "192m";

/// A mounted disk. Dropping it unmounts it.
pub(crate) struct Disk {
    dir: PathBuf,
}

impl Disk {
    /// Mounts a disk. The error says why it could not.
    pub(crate) fn mount(dir: &Path) -> Result<Self, String> {
        let options = format!("size={SIZE},mode=700");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &options, "chaos"]).arg(dir).stdin(Stdio::null());
        let output = mount.output().map_err(|error| format!("mount cannot be run: {error}"))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(format!("a small disk cannot be mounted: {}", said.trim()));
        }
        Ok(Self { dir: dir.to_owned() })
    }

    fn filler(&self) -> PathBuf {
        self.dir.join("filler")
    }

    /// Fills it to the last byte.
    pub(crate) fn fill(&self) {
        let chunk = vec![0; 64 * 1024];
        if let Ok(mut file) = File::create(self.filler()) {
            while file.write_all(&chunk).is_ok() {}
        }
    }

    pub(crate) fn empty(&self) {
        // If the disk was never filled, there is no file to remove.
        let _ = fs::remove_file(self.filler());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // A lazy unmount works even if the disk is in use. There is nowhere to report an error.
        let _ = Command::new("umount").arg("-l").arg(&self.dir).stdin(Stdio::null()).status();
    }
}
