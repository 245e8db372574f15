//! A private Postgres: Debian's, on a socket in a temporary folder, as a user other than root.

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::OnceLock,
    time::{Duration, Instant},
};

/// A server that ends with the process that started it, whichever way that ends.
pub(crate) struct Server {
    folder: PathBuf,
    bin: PathBuf,
    keeper: Child,
}

impl Server {
    /// The server that the tests of one file share; none, said aloud, where no Postgres is installed.
    ///
    /// In CI a missing Postgres is a failure.
    pub(crate) fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Server>> = OnceLock::new();
        SHARED.get_or_init(Self::start).as_ref()
    }

    /// A server of its own, for tests that stop it.
    pub(crate) fn start() -> Option<Self> {
        let Some(bin) = installed() else {
            let message = "NOT TESTED: no Postgres in /usr/lib/postgresql; install Debian's postgresql-15";
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{message}");
            eprintln!("{message}");
            return None;
        };
        let folder = PathBuf::from(output(as_user("mktemp").args(["-d", "/tmp/sa-postgres-XXXXXX"])).trim());
        let initdb = bin.join("initdb");
        let data = folder.join("data");
        output(as_user(initdb.to_str().unwrap()).args(["-D", data.to_str().unwrap(), "-U", "service"]).args([
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
        ]));
        let keeper = keep(&bin, &folder);
        let server = Self { folder, bin, keeper };
        server.wait_until_ready();
        Some(server)
    }

    /// How to reach it.
    pub(crate) fn text(&self) -> String {
        format!("host={} port=5432 user=service dbname=postgres", self.folder.display())
    }

    pub(crate) fn folder(&self) -> &std::path::Path {
        &self.folder
    }

    /// A client that runs this text.
    pub(crate) fn psql(&self, text: &str) -> Command {
        let mut command = Command::new(self.bin.join("psql"));
        command.args(["-qX", "-v", "ON_ERROR_STOP=1", "-h", self.folder.to_str().unwrap(), "-U", "service"]);
        command.args(["-d", "postgres", "-c", text]);
        command
    }

    pub(crate) fn sql(&self, text: &str) {
        output(&mut self.psql(text));
    }

    /// The schema of these settings, which tell it in their text form only.
    pub(crate) fn schema_of(&self, settings: &service_accounts_postgres::Settings) -> String {
        let text = format!("{settings:?}");
        let name = text.split("SchemaName(\"").nth(1).unwrap();
        name.split('"').next().unwrap().to_owned()
    }

    /// Kills every process of the server at once, as a lost machine would, and starts it again.
    pub(crate) fn crash(&self) {
        // Not by `pg_ctl stop`, which would take the next server for the one that it waits for.
        let file = std::fs::read_to_string(self.folder.join("data/postmaster.pid")).unwrap();
        let pid = file.lines().next().unwrap();
        output(as_user("kill").args(["-QUIT", pid]));
        while as_user("kill").args(["-0", pid]).stderr(Stdio::null()).status().unwrap().success() {
            std::thread::sleep(Duration::from_millis(5));
        }
        self.wait_until_ready();
    }

    fn wait_until_ready(&self) {
        let start = Instant::now();
        let ready = self.bin.join("pg_isready");
        while !Command::new(&ready)
            .args(["-q", "-h", self.folder.to_str().unwrap(), "-p", "5432", "-d", "postgres", "-U", "service"])
            .status()
            .unwrap()
            .success()
        {
            assert!(start.elapsed() < Duration::from_secs(60), "the server does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// Runs the server, again after each end, until its own input ends: then this process is gone.
fn keep(bin: &std::path::Path, folder: &std::path::Path) -> Child {
    let script = r#"
        bin=$1; folder=$2
        serve() {
            while [ ! -e "$folder/over" ]; do
                "$bin/postgres" -D "$folder/data" -k "$folder" -c listen_addresses= -c max_connections=300 -c fsync=off \
                    >>"$folder/log" 2>&1 </dev/null
            done
        }
        serve &
        cat >/dev/null
        touch "$folder/over"
        "$bin/pg_ctl" -D "$folder/data" -m immediate -w stop >/dev/null 2>&1
        wait
        rm -rf "$folder"
    "#;
    as_user("sh")
        .args(["-c", script, "keeper", bin.to_str().unwrap(), folder.to_str().unwrap()])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn installed() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let bins = versions.filter_map(|version| Some(version.ok()?.path().join("bin")));
    bins.filter(|bin| bin.join("initdb").exists()).max()
}

/// Postgres refuses to run as root, so root asks the package's user to.
pub(crate) fn as_user(program: &str) -> Command {
    let is_root = output(Command::new("id").arg("-u")).trim() == "0";
    if !is_root {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--", program]).current_dir("/");
    command
}

fn output(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
