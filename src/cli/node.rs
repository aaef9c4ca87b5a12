//! Which node a command talks to, and with which token: flags, the node's configuration or the environment say so.

use std::env;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use clap::Args;
use serde::Deserialize;

use super::error::Error;

const DEFAULT_API: &str = "http://127.0.0.1:5000";
/// The file of the node whose folder this is.
const HERE: &str = "node.toml";

/// Options that may stand before and after every command. [`super::help`] says which commands show which.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Node options")]
pub(crate) struct NodeOptions {
    /// Where the node's API is [env: BOUYA_API] [default: http://127.0.0.1:5000]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) api: Option<String>,
    /// File with the API token, for commands that change the node [env: BOUYA_TOKEN_FILE]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// The node's node.toml, which names its API and its token [default: node.toml, if it is here]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// Which part of a list.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct PageOptions {
    /// Where to start: the cursor at the end of the previous page
    #[arg(long, value_name = "CURSOR")]
    pub(crate) from: Option<String>,
    /// Most entries to show
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,
}

impl PageOptions {
    pub(crate) fn query(&self) -> Vec<(&'static str, String)> {
        let from = self.from.clone().map(|from| ("from", from));
        from.into_iter().chain(self.limit.map(|limit| ("limit", limit.to_string()))).collect()
    }
}

/// The result of reading the options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// Without a slash at the end.
    pub(crate) api: String,
    pub(crate) token_file: Option<PathBuf>,
}

/// The parts of node.toml that a client needs. `bouya check` checks the rest.
#[derive(Deserialize)]
struct Config {
    data_dir: Option<PathBuf>,
    #[serde(default)]
    api: Api,
}

#[derive(Default, Deserialize)]
struct Api {
    listen: Option<String>,
    token_file: Option<PathBuf>,
}

impl NodeOptions {
    /// A flag wins over a configuration that was named, that over the environment, and the environment over a node.toml that lies here: what was
    /// given closest to the command counts.
    pub(crate) fn endpoint(&self) -> Result<Endpoint, Error> {
        let env = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        self.endpoint_in(env, Path::new(HERE))
    }

    /// The node's file: the one that was named, or the one that lies here.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        self.config.clone().or_else(|| Some(PathBuf::from(HERE)).filter(|here| here.is_file()))
    }

    /// The file of the node that is asked, if it is known to be that node's.
    pub(crate) fn own_file(&self) -> Option<PathBuf> {
        let elsewhere = self.api.is_some() || env::var_os("BOUYA_API").is_some();
        if elsewhere { self.config.clone() } else { self.file() }
    }

    fn endpoint_in(&self, env: impl Fn(&str) -> Option<String>, here: &Path) -> Result<Endpoint, Error> {
        let mut found = Found { api: self.api.clone(), token_file: self.token_file.clone() };
        if let Some(path) = &self.config {
            found.fill(path)?;
        }
        found.api = found.api.or_else(|| env("BOUYA_API"));
        // A token goes to the node that it was given for only.
        if self.config.is_none() && found.api.is_none() && here.is_file() {
            found.fill(here)?;
            found.judge(here)?;
        } else {
            found.token_file = found.token_file.or_else(|| env("BOUYA_TOKEN_FILE").map(PathBuf::from));
        }
        let api = found.api.unwrap_or_else(|| DEFAULT_API.to_owned());
        Ok(Endpoint { api: url(&api)?, token_file: found.token_file })
    }
}

/// What was found so far.
struct Found {
    api: Option<String>,
    token_file: Option<PathBuf>,
}

impl Found {
    /// A file that was not named counts only if nobody else can have put it here, and if it names nothing that lies elsewhere: whoever goes
    /// into a folder of somebody else must not send a token, or sign, to where that folder says.
    fn judge(&self, here: &Path) -> Result<(), Error> {
        let folder = here.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let own = rustix::process::geteuid().as_raw();
        let is_own = |path: &Path| {
            fs::symlink_metadata(path).is_ok_and(|about| about.uid() == own || about.uid() == 0)
        };
        let api = self.api.as_deref().unwrap_or(DEFAULT_API);
        let is_local = api.strip_prefix("http://").and_then(|at| at.parse::<SocketAddr>().ok());
        let is_local = is_local.is_some_and(|at| at.ip().is_loopback());
        let stays = |path: &PathBuf| {
            let inside = path.strip_prefix(folder).unwrap_or(path);
            inside.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
        };
        let why = match () {
            () if !is_own(here) || !is_own(folder) => "it is not yours",
            () if !is_local => "its API is not on this machine's loopback",
            () if !self.token_file.as_ref().is_none_or(stays) => "its token lies elsewhere",
            () => return Ok(()),
        };
        Err(Error::Usage(format!(
            "{} lies here, and {why}; if you mean it: --config {}",
            here.display(),
            here.display()
        )))
    }

    /// Takes from a node's file what is still missing.
    fn fill(&mut self, path: &Path) -> Result<(), Error> {
        let config = Config::read(path)?;
        self.token_file = self.token_file.take().or_else(|| config.token_file(path));
        if self.api.is_none() {
            self.api = Some(config.url(path)?);
        }
        Ok(())
    }
}

impl Config {
    fn read(path: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(path).map_err(|error| {
            Error::Usage(format!("cannot read {}: {error}; check --config", path.display()))
        })?;
        toml::from_str(&text)
            .map_err(|error| Error::Usage(format!("{} is not a node configuration: {error}", path.display())))
    }

    /// Relative paths start at the file's own folder.
    fn token_file(&self, path: &Path) -> Option<PathBuf> {
        let folder = path.parent().unwrap_or(Path::new(""));
        let data = self.data_dir.as_ref().map(|dir| dir.join("api.token"));
        self.api.token_file.clone().or(data).map(|file| folder.join(file))
    }

    fn url(&self, path: &Path) -> Result<String, Error> {
        let listen = match self.api.listen.as_deref() {
            None => return Ok(DEFAULT_API.to_owned()),
            Some("off") => {
                return Err(Error::Usage(format!(
                    "{} turns the API off (listen = \"off\" under [api]); turn it on there and restart the node",
                    path.display()
                )));
            }
            Some(listen) => listen,
        };
        let address: SocketAddr = listen.parse().map_err(|_| {
            let path = path.display();
            Error::Usage(format!(
                "{path}: listen = \"{listen}\" under [api] is not an IP address and port, as in 127.0.0.1:5000"
            ))
        })?;
        // A node can listen on "every address", but a client needs one to connect to.
        let ip = match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
            ip => ip,
        };
        Ok(format!("http://{}", SocketAddr::new(ip, address.port())))
    }
}

fn url(text: &str) -> Result<String, Error> {
    let host = text.strip_prefix("http://").unwrap_or(text).trim_end_matches('/');
    let good = !host.is_empty() && host.chars().all(|c| c.is_ascii_graphic() && !"/?#@\"<>\\".contains(c));
    if !good {
        return Err(Error::Usage(format!(
            "\"{}\" is not the address of a node's API: give http://HOST:PORT, as in --api {DEFAULT_API}",
            text.escape_default()
        )));
    }
    Ok(format!("http://{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(options: &NodeOptions) -> Result<Endpoint, Error> {
        options.endpoint_in(|name| Some(format!("http://{}", name.to_lowercase())), Path::new("nowhere"))
    }

    #[test]
    fn flag_before_configuration_before_environment() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("node.toml");
        fs::write(&path, "data_dir = \"../data\"\nother = 1\n[api]\nlisten = \"0.0.0.0:7\"\nhosts = []\n")
            .unwrap();
        let mut options = NodeOptions::default();
        assert_eq!(endpoint(&options).unwrap().api, "http://bouya_api");
        options.config = Some(path.clone());
        let found = endpoint(&options).unwrap();
        assert_eq!(found.api, "http://127.0.0.1:7");
        assert_eq!(found.token_file, Some(dir.path().join("../data/api.token")));
        options.api = Some("localhost:9/".into());
        assert_eq!(endpoint(&options).unwrap().api, "http://localhost:9");
        let none = NodeOptions::default().endpoint_in(|_| None, Path::new("nowhere")).unwrap();
        assert_eq!(none, Endpoint { api: DEFAULT_API.into(), token_file: None });
        fs::write(&path, "data_dir = \"d\"\n[api]\nlisten = \"off\"\ntoken_file = \"/t\"\n").unwrap();
        assert_eq!(endpoint(&options).unwrap().token_file, Some("/t".into()));
        options.api = None;
        assert!(matches!(endpoint(&options), Err(Error::Usage(text)) if text.contains("turns the API off")));
    }

    /// Whoever goes into somebody's folder must not send a token to where that folder says.
    #[test]
    fn a_file_that_lies_here_counts_last_and_leads_nowhere_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("node.toml");
        let at = |text: &str, env: fn(&str) -> Option<String>| {
            fs::write(&path, text).unwrap();
            NodeOptions::default().endpoint_in(env, &path)
        };
        let good = "data_dir = \"data\"\n[api]\nlisten = \"127.0.0.1:7\"\n";
        let found = at(good, |_| None).unwrap();
        let own = Some(dir.path().join("data/api.token"));
        assert_eq!((found.api.as_str(), &found.token_file), ("http://127.0.0.1:7", &own));
        let only_token = |name: &str| (name == "BOUYA_TOKEN_FILE").then(|| "/elsewhere".to_owned());
        assert_eq!(at(good, only_token).unwrap().token_file, own, "another node's token stays at home");
        let told = at(good, |name| (name == "BOUYA_API").then(|| "a:1".to_owned())).unwrap();
        assert_eq!((told.api.as_str(), told.token_file), ("http://a:1", None));
        for (bad, why) in [
            (good.replace("127.0.0.1", "10.0.0.9"), "not on this machine's loopback"),
            (good.replace("\"data\"", "\"/home/alice/data\""), "its token lies elsewhere"),
            (good.replace("\"data\"", "\"../data\""), "its token lies elsewhere"),
        ] {
            let error = at(&bad, |_| None).unwrap_err().to_string();
            assert!(error.contains(why) && error.contains("--config"), "{error}");
        }
    }

    #[test]
    fn only_plain_http() {
        for bad in ["", "http://", "https://a:1", "ftp://a", "http://a/b", "http://u@a", "http://a b"] {
            assert!(matches!(url(bad), Err(Error::Usage(_))), "{bad}");
        }
        assert_eq!(url("[::1]:5000").unwrap(), "http://[::1]:5000");
    }
}
