//! A node that runs out of file descriptors.

use std::fs;
use std::net::TcpStream;

use bouya::http::views::Status;
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

use super::daemon::{Consortium, until};
use super::secrets::run;

#[test]
fn the_api_goes_on_after_a_want_of_file_descriptors() {
    let consortium = Consortium::new();
    let a = consortium.member("a", "", "enabled = false");
    let running = run(&a, "info");
    until("it answers", || a.get::<Status>("/v1/status"));
    let pid = Pid::from_child(&running.0);
    let open = fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count() as u64;
    let most = getrlimit(Resource::Nofile);
    let before = prlimit(Some(pid), Resource::Nofile, Rlimit { current: Some(open + 4), ..most }).unwrap();
    let held: Vec<_> = (0..16).map(|_| TcpStream::connect(("127.0.0.1", a.api)).unwrap()).collect();
    let failed = "the API could not accept a connection";
    until("it cannot accept", || a.log().contains(failed).then_some(()));
    prlimit(Some(pid), Resource::Nofile, before).unwrap();
    until("it answers again", || a.get::<Status>("/v1/status"));
    let (_, metrics) = a.send("GET", "/metrics", false, b"");
    let failures = metrics.lines().find_map(|line| line.strip_prefix("bouya_http_accept_failures_total "));
    assert_ne!(failures.unwrap(), "0", "{metrics}");
    assert_eq!(a.log().matches(failed).count(), 1, "said once, however often it failed");
    drop(held);
}
