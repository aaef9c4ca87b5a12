//! What the system reports about a running process. On Linux only; elsewhere nothing is known.

use std::collections::BTreeMap;
use std::fs;

/// Ticks per second of the times in `/proc`. The same for user space on every Linux.
const TICKS: f64 = 100.0;

/// CPU seconds by thread name. The time of threads that have ended is under "ended".
pub type Cpu = BTreeMap<String, f64>;

/// The CPU time of a process so far.
pub fn cpu(pid: u32) -> Cpu {
    let mut parts = Cpu::new();
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    for task in tasks {
        if let Some((name, seconds)) = read(&task.path().join("stat").to_string_lossy()) {
            // The first thread has the name of the program's file, which may be anything.
            let first = task.file_name().to_str() == Some(&pid.to_string());
            *parts.entry(part(&name, first).to_owned()).or_default() += seconds;
        }
    }
    let living: f64 = parts.values().sum();
    if let Some((_, all)) = read(&format!("/proc/{pid}/stat")) {
        parts.insert("ended".to_owned(), (all - living).max(0.0));
    }
    parts
}

/// The part of the program that a thread belongs to. The runtime has many threads of the same kind.
fn part(thread: &str, first: bool) -> &str {
    if first || thread.starts_with("tokio") { "runtime" } else { thread }
}

/// The name and the CPU seconds in a stat line.
fn read(path: &str) -> Option<(String, f64)> {
    let text = fs::read_to_string(path).ok()?;
    // The name is in brackets and may contain any characters.
    let (head, rest) = text.rsplit_once(')')?;
    let name = head.split_once('(')?.1.to_owned();
    let mut fields = rest.split_whitespace().skip(11);
    let (user, system): (f64, f64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some((name, (user + system) / TICKS))
}

/// The CPU time used between two measurements.
pub fn used(before: &Cpu, after: &Cpu) -> Cpu {
    let earlier = |name| before.get(name).copied().unwrap_or(0.0);
    after.iter().map(|(name, seconds)| (name.clone(), (seconds - earlier(name)).max(0.0))).collect()
}

/// The memory of a process now, in bytes.
pub fn memory(pid: u32) -> Option<u64> {
    bytes(pid, "VmRSS:")
}

/// The most memory that a process has had, in bytes.
pub fn peak_memory(pid: u32) -> Option<u64> {
    bytes(pid, "VmHWM:")
}

fn bytes(pid: u32, field: &str) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(field))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1_024)
}

/// The number of its open files, including sockets.
pub fn open_files(pid: u32) -> Option<usize> {
    Some(fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn work_is_counted_under_its_threads_name() {
        let own = std::process::id();
        let before = cpu(own);
        let (done, wait) = std::sync::mpsc::channel::<()>();
        let (worked, seen) = std::sync::mpsc::channel();
        let thread = std::thread::Builder::new().name("hard) work".to_owned()).spawn(move || {
            let began = cpu(own);
            let busy = || cpu(own).get("hard) work").copied().unwrap_or(0.0);
            let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
            while std::time::Instant::now() < deadline
                && busy() - began.get("hard) work").copied().unwrap_or(0.0) < 0.05
            {}
            worked.send(()).unwrap();
            let _ = wait.recv();
        });
        seen.recv().unwrap();
        assert!(used(&before, &cpu(own))["hard) work"] >= 0.05);
        drop(done);
        thread.unwrap().join().unwrap();
        // The system counts each at a moment of its own, so they are not compared.
        assert!(memory(own).unwrap() > 1_000_000 && peak_memory(own).unwrap() > 1_000_000);
        assert!(open_files(own).unwrap() >= 3);
    }
}
