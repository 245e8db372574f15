//! A directory with a database, and the service that runs on it.

use std::{
    ffi::OsStr,
    fs::{self, File, OpenOptions},
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};
use service_accounts_private_postgres::Server;
use tempfile::TempDir;

use crate::client::Client;

/// What outlives a process: the database, its key, and all that was ever logged.
pub(crate) struct Home {
    folder: TempDir,
    /// The database on the server, in the tests of `on_postgres.rs`, where a server is installed.
    url: Option<String>,
}

impl Home {
    /// The key of services that share a server: without it they refuse to start.
    pub(crate) const KEY: &str = "k1:1111111111111111111111111111111111111111111111111111111111111111";

    pub(crate) fn new() -> Self {
        let is_on_postgres = env!("CARGO_CRATE_NAME").ends_with("on_postgres");
        let server = is_on_postgres.then(Server::shared).flatten();
        Self { folder: TempDir::new().unwrap(), url: server.map(Server::database) }
    }

    /// Starts the service and waits until it listens.
    pub(crate) fn start(&self) -> Service {
        self.start_with(&[])
    }

    /// Starts the service with more settings.
    pub(crate) fn start_with(&self, settings: &[(&str, &OsStr)]) -> Service {
        Service::await_address(self.spawn(settings, self.append_to_log().into()))
    }

    /// Starts the service with settings that it refuses, and tells what it says.
    pub(crate) fn refuse(&self, settings: &[(&str, &OsStr)]) -> String {
        let output = self.spawn(settings, Stdio::piped()).wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && output.stdout.is_empty(), "{said}");
        said
    }

    fn spawn(&self, settings: &[(&str, &OsStr)], log: Stdio) -> Child {
        let child = self.command("service", settings).stderr(log).spawn();
        child.expect("the example `service` is built before its tests")
    }

    /// An example with the settings of this home and more.
    pub(crate) fn command(&self, name: &str, settings: &[(&str, &OsStr)]) -> Command {
        let mut command = Command::new(example(name));
        for unset in [
            "POOLER",
            "SERVICE_ACCOUNTS_PEPPER",
            "ENVIRONMENT",
            "TRUSTED_PROXIES",
            "RECOVER",
            "SEAL_KEY",
            "RETENTION_DAYS",
            "DETECT",
        ] {
            command.env_remove(unset);
        }
        let usual = [("LISTEN", "127.0.0.1:0"), ("LOG", "trace")];
        command.envs(usual).env("DATABASE", self.database());
        if let Some(url) = &self.url {
            command.env("DATABASE", url).env("SERVICE_ACCOUNTS_PEPPER", Self::KEY);
        }
        command.envs(settings.iter().copied()).stdin(Stdio::null()).stdout(Stdio::piped());
        command
    }

    /// Starts the service for the first time; the token is the administrator's.
    pub(crate) fn first_start() -> (Self, Service, String) {
        let home = Self::new();
        let (service, token) = home.start_with_token();
        (home, service, token)
    }

    /// Starts the service while nobody has used the administrator's token, which is printed.
    pub(crate) fn start_with_token(&self) -> (Service, String) {
        self.start_with_token_and(&[])
    }

    /// As [`start_with_token`](Self::start_with_token), with more settings.
    pub(crate) fn start_with_token_and(&self, settings: &[(&str, &OsStr)]) -> (Service, String) {
        let mut service = self.start_with(settings);
        let token = service.line().strip_prefix("admin token: ").expect("the start prints a token").to_owned();
        (service, token)
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join("accounts.db")
    }

    /// All that is on disk beside the key and the log: the database with its companions.
    pub(crate) fn database_bytes(&self) -> Vec<u8> {
        if let (Some(url), Some(server)) = (&self.url, Server::shared()) {
            return server.dump(url).into_bytes();
        }
        ["accounts.db", "accounts.db-wal", "accounts.db-shm"]
            .into_iter()
            .filter_map(|name| fs::read(self.folder.path().join(name)).ok())
            .flatten()
            .collect()
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    pub(crate) fn append_to_log(&self) -> File {
        OpenOptions::new().create(true).append(true).open(self.folder.path().join("log")).unwrap()
    }
}

/// A running service; it is killed when it goes out of scope.
pub(crate) struct Service {
    pub(crate) child: Child,
    output: BufReader<ChildStdout>,
    pub(crate) address: String,
}

impl Service {
    pub(crate) fn await_address(mut child: Child) -> Self {
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut service = Self { child, output, address: String::new() };
        let line = service.line();
        service.address = line.strip_prefix("listening on http://").expect("it says where it listens").to_owned();
        service
    }

    /// A client that shows this credential.
    pub(crate) fn with(&self, token: &str) -> Client {
        Client::new(&self.address, Some(token))
    }

    /// A client that shows none.
    pub(crate) fn without_credential(&self) -> Client {
        Client::new(&self.address, None)
    }

    /// Creates an account with a first token.
    pub(crate) fn create(&self, admin: &str, name: &str, more: Value) -> Value {
        let mut body = json!({
            "name": name, "purpose": "a test", "owner": "data team", "environment": "production",
            "first_token": {"name": "first-token-2026"},
        });
        let Value::Object(more) = more else { panic!("more fields") };
        body.as_object_mut().unwrap().extend(more);
        let created = self.with(admin).post("/api/v1/service-accounts", &body);
        assert_eq!(created.status, 201, "{}", created.text());
        created.json()
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Asks it to end, waits, and hands over what it had yet to say.
    pub(crate) fn terminate(mut self) -> String {
        let sent = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status().unwrap();
        assert!(sent.success());
        assert!(self.child.wait().unwrap().success(), "it ends cleanly");
        self.rest()
    }

    /// Ends it in the middle of whatever it does.
    pub(crate) fn kill(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.rest()
    }

    /// What it prints next.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        assert_ne!(self.output.read_line(&mut line).unwrap(), 0, "it says no more");
        line.trim_end().to_owned()
    }

    fn rest(&mut self) -> String {
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        rest
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Cargo puts examples beside the directory of the test binaries.
pub(crate) fn example(name: &str) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    tests.parent().and_then(|deps| deps.parent()).unwrap().join("examples").join(name)
}
