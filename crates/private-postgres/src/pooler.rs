//! PgBouncer before a private server.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::{Server, as_user, output};

const PROGRAM: &str = "/usr/sbin/pgbouncer";

/// PgBouncer in transaction mode, with three connections to each server; it ends with this.
pub struct Pooler<'s> {
    server: &'s Server,
    more: &'s str,
    child: Child,
}

impl<'s> Pooler<'s> {
    /// None, said aloud, where PgBouncer is not installed. In CI that is a failure.
    pub fn start(server: &'s Server) -> Option<Self> {
        Self::start_with(server, "")
    }

    /// The same with more settings, a line each; they come last.
    pub fn start_with(server: &'s Server, more: &'s str) -> Option<Self> {
        if !Path::new(PROGRAM).exists() {
            let message = "NOT TESTED: no PgBouncer; install Debian's pgbouncer";
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{message}");
            eprintln!("{message}");
            return None;
        }
        let pooler = Self { server, more, child: run(server, more) };
        pooler.lead_to(server);
        Some(pooler)
    }

    /// How to reach it.
    pub fn text(&self) -> String {
        self.server.text().replace("5432", "6432")
    }

    /// Says this to its console.
    pub fn command(&self, text: &str) {
        output(&mut self.console(text));
    }

    /// Leads to this server from now on, as after a failover.
    pub fn lead_to(&self, server: &Server) {
        write(self.server, server, self.more);
        let start = Instant::now();
        // Where it was just started it listens soon.
        while !self.console("RELOAD; RECONNECT").stderr(Stdio::null()).status().unwrap().success() {
            assert!(start.elapsed() < Duration::from_secs(20), "the pooler does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends it as a lost machine would, and starts it again.
    pub fn restart(&mut self) {
        self.stop();
        self.child = run(self.server, self.more);
    }

    fn console(&self, text: &str) -> Command {
        let mut command = Command::new(self.server.bin.join("psql"));
        command.args(["-qX", "-h", self.server.folder.to_str().unwrap(), "-p", "6432", "-U", "pgbouncer"]);
        for part in text.split("; ") {
            command.args(["-c", part]);
        }
        command.arg("pgbouncer").stdout(Stdio::null());
        command
    }

    fn stop(&mut self) {
        let id = fs::read_to_string(self.server.folder.join("pgbouncer.pid")).unwrap_or_default();
        let _ = as_user("kill").args(["-KILL", id.trim()]).status();
        // Whoever ran it for us may itself be stopped.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Pooler<'_> {
    fn drop(&mut self) {
        self.stop();
    }
}

fn run(server: &Server, more: &str) -> Child {
    for left in ["pgbouncer.pid", ".s.PGSQL.6432"] {
        let _ = fs::remove_file(server.folder.join(left));
    }
    write(server, server, more);
    let mut command = as_user(PROGRAM);
    let child = command.arg(server.folder.join("pgbouncer.ini")).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let start = Instant::now();
    while !server.folder.join(".s.PGSQL.6432").exists() || !server.folder.join("pgbouncer.pid").exists() {
        assert!(start.elapsed() < Duration::from_secs(20), "the pooler does not start");
        std::thread::sleep(Duration::from_millis(20));
    }
    child.unwrap()
}

/// The settings of a pooler beside one server that leads to another, or to the same.
fn write(beside: &Server, to: &Server, more: &str) {
    let (here, there) = (beside.folder.display(), to.folder.display());
    let text = format!(
        "[databases]\n* = host={there} port=5432 user=service\n[pgbouncer]\nlisten_addr =\nlisten_port = 6432\n\
         unix_socket_dir = {here}\npidfile = {here}/pgbouncer.pid\nauth_type = any\npool_mode = transaction\n\
         default_pool_size = 3\nadmin_users = pgbouncer\nserver_login_retry = 1\n{more}\n"
    );
    fs::write(beside.folder.join("pgbouncer.ini"), text).unwrap();
}
