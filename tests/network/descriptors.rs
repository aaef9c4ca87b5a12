//! A node that runs out of file descriptors.

use std::net::TcpStream;

use bouya::http::views::Status;
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

use super::daemon::{Consortium, RESTS, until};

#[test]
fn the_api_goes_on_after_a_want_of_file_descriptors() {
    let consortium = Consortium::new();
    let mut a = consortium.member("a", "", RESTS);
    a.start();
    let pid = Pid::from_raw(a.pid().cast_signed()).unwrap();
    let open = a.open_files() as u64;
    let most = getrlimit(Resource::Nofile);
    let before = prlimit(Some(pid), Resource::Nofile, Rlimit { current: Some(open + 4), ..most }).unwrap();
    let held: Vec<_> = (0..16).map(|_| TcpStream::connect(a.api.address()).unwrap()).collect();
    let failed = "the API could not accept a connection";
    until("it cannot accept", || a.log().contains(failed).then_some(()));
    prlimit(Some(pid), Resource::Nofile, before).unwrap();
    until("it answers again", || a.get::<Status>("/v1/status"));
    assert_ne!(a.metric("http_accept_failures_total").unwrap(), 0);
    assert_eq!(a.log().matches(failed).count(), 1, "logged more than once");
    drop(held);
}
