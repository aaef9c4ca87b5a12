//! `bouya run`: the daemon, with its signals.

use std::path::Path;
use std::process::exit;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::error::Error;
use crate::config::Settings;
use crate::node::{Node, NodeError, open_files};
use crate::{descriptors, telemetry};

pub(crate) const EXAMPLES: &str = "\
SIGINT and SIGTERM stop the node within 5 s. SIGHUP reloads the certificate,
key, CA, CRL and log level.

Examples:
  bouya check    # shows every mistake first
  bouya run
  bouya run --config /var/lib/bouya/node.toml";

/// Exit code after a second signal, as shells use it for Ctrl-C.
const INTERRUPTED: i32 = 130;

/// How often the log tells which lines it left out.
const TELL_LEFT_OUT: Duration = Duration::from_secs(60);

/// Runs a node until a signal stops it.
pub(crate) fn run(config: &Path) -> Result<(), Error> {
    let settings = Settings::load(config)?;
    let log = telemetry::start(&settings.log.level, settings.log.json);
    check_open_files(&settings);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let stop = CancellationToken::new();
    let result = runtime.block_on(async {
        let node = Node::build(settings).await?;
        listen_for_signals(config, &node, log.clone(), stop.clone()).map_err(NodeError::Thread)?;
        tokio::spawn(tell_left_out(log.clone()));
        // Without systemd this does nothing.
        let _ = sd_notify::notify(&[NotifyState::Ready]);
        node.run(stop).await
    });
    // A busy thread must not delay the exit: everything that matters is on disk.
    runtime.shutdown_background();
    result.map_err(|error: NodeError| match error {
        NodeError::Identity(_) | NodeError::Mistakes(_) => Error::Usage(error.to_string()),
        error => Error::Failed(error.to_string()),
    })?;
    log.tell_left_out();
    info!("stopped");
    Ok(())
}

/// A node with too few descriptors works, but strangers can then use them up and keep members out.
fn check_open_files(settings: &Settings) {
    let needed = open_files(settings);
    let allowed = descriptors::allow(needed);
    if allowed < needed {
        warn!(
            needed,
            allowed,
            "too few open files are allowed for all the peers, strangers and API clients that may connect; raise the limit \
             (LimitNOFILE= under systemd, ulimit -n elsewhere)"
        );
    }
}

/// Logs once a minute which lines were left out, if any were.
async fn tell_left_out(log: telemetry::Log) {
    let mut tick = tokio::time::interval(TELL_LEFT_OUT);
    loop {
        tick.tick().await;
        log.tell_left_out();
    }
}

fn listen_for_signals(
    config: &Path,
    node: &Node,
    log: telemetry::Log,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::spawn(async move {
        let mut first = true;
        loop {
            tokio::select! {
                _ = interrupt.recv() => (),
                _ = terminate.recv() => (),
            }
            if !first {
                exit(INTERRUPTED);
            }
            first = false;
            info!("stopping");
            let _ = sd_notify::notify(&[NotifyState::Stopping]);
            stop.cancel();
        }
    });
    let mut hangup = signal(SignalKind::hangup())?;
    let (reload, config) = (node.reload(), config.to_owned());
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            reload.notify_one();
            match Settings::load(&config) {
                Ok(settings) => log.set_level(&settings.log.level),
                Err(mistakes) => error!("the log level stays as it was: {mistakes}"),
            }
        }
    });
    Ok(())
}
