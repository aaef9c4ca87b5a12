//! The module that the project's build has made of the contract under test.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::SystemTime;

use super::World;

impl World {
    /// A world as [`World::of_module`] makes it, of the module that `./build` has made of this package. None before the first build, which is said
    /// on the terminal. Only for tests that cargo runs: it tells which package that is, and where.
    ///
    /// # Panics
    ///
    /// If a file of the contract is newer than the module: then the test would look at other code than what is there now.
    pub fn built() -> Option<Self> {
        let [name, folder] = ["CARGO_PKG_NAME", "CARGO_MANIFEST_DIR"].map(|what| std::env::var(what).ok());
        let (name, folder) = (name?, PathBuf::from(folder?));
        let Some(module) = module(&name) else {
            static SAID: Once = Once::new();
            // Not by a macro: a test that passes would keep it to itself.
            let say = || {
                writeln!(
                    std::io::stderr(),
                    "\nnote: {name}.wasm is not built, so these tests run natively only: ./build\n"
                )
            };
            SAID.call_once(|| drop(say()));
            return None;
        };
        let newest = ["src", "Cargo.toml"].map(|part| newest(&folder.join(part))).into_iter().max().flatten();
        if newest > changed(&module) {
            panic!("{} is older than what it is made of: ./build", module.display());
        }
        fs::read(&module).ok().map(|code| Self::of_module(&code))
    }
}

/// The module, in the target folder: tests are built there, some folders deep.
fn module(name: &str) -> Option<PathBuf> {
    let test = std::env::current_exe().ok()?;
    let places = test.ancestors().map(|folder| folder.join("contracts").join(name).with_extension("wasm"));
    places.into_iter().find(|module| module.is_file())
}

fn changed(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).and_then(|about| about.modified()).ok()
}

/// When a file, or the newest one of a folder, was changed.
fn newest(path: &Path) -> Option<SystemTime> {
    match fs::read_dir(path) {
        Ok(entries) => entries.flatten().map(|entry| newest(&entry.path())).max().flatten(),
        Err(_) => changed(path),
    }
}
