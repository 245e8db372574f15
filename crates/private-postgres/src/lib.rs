//! A private Postgres for tests: Debian's, on a socket in a temporary folder, as a user other than root.
//!
//! Where none is installed each user says so aloud; in CI that is a failure. `POSTGRES_BIN` names the folder of another
//! release's programs.

#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use std::{
    error::Error,
    fmt::Write,
    net::IpAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::runtime::{Builder, Runtime};

mod balancer;
mod pooler;
mod standby;

pub use balancer::Balancer;
pub use pooler::Pooler;

/// A server that ends with the process that started it, whichever way that ends.
pub struct Server {
    folder: PathBuf,
    bin: PathBuf,
    keeper: Child,
}

impl Server {
    /// The server that the tests of one file share; none, said aloud, where no Postgres is installed.
    ///
    /// In CI a missing Postgres is a failure.
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Server>> = OnceLock::new();
        SHARED.get_or_init(Self::start).as_ref()
    }

    /// A server of its own, for tests that stop it.
    pub fn start() -> Option<Self> {
        Self::start_with("-c fsync=off")
    }

    /// A server that waits for the disk, to measure against.
    pub fn start_durable() -> Option<Self> {
        Self::start_with("")
    }

    /// A server that also listens on port 5432 of this address of the loopback network, and has a certificate for the name
    /// `db.test`; the certificate of its authority is `ca.der` in its folder.
    ///
    /// It is made by `openssl`, which Debian's Postgres depends on.
    pub fn start_with_tls(address: IpAddr) -> Option<Self> {
        let server = Self::start_with(&format!("-c fsync=off -c listen_addresses={address}"))?;
        certify(&server.folder);
        let file = |name| server.folder.join(name).display().to_string();
        server.sql(&format!("ALTER SYSTEM SET ssl_cert_file = '{}'", file("server.crt")));
        server.sql(&format!("ALTER SYSTEM SET ssl_key_file = '{}'", file("server.key")));
        server.sql("ALTER SYSTEM SET ssl = on");
        server.sql("SELECT pg_reload_conf()");
        Some(server)
    }

    /// A server of its own, whose folder is prepared after `data` is in it and before the server starts.
    pub fn start_prepared(prepare: impl FnOnce(&Path)) -> Option<Self> {
        Self::start_in(prepare, "-c fsync=off")
    }

    fn start_with(more: &str) -> Option<Self> {
        Self::start_in(|_| (), more)
    }

    fn start_in(prepare: impl FnOnce(&Path), more: &str) -> Option<Self> {
        let Some(bin) = installed() else {
            let message = "NOT TESTED: no Postgres in /usr/lib/postgresql; install Debian's postgresql-15";
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{message}");
            eprintln!("{message}");
            return None;
        };
        let folder = Self::new_folder();
        initialise(&bin, &folder.join("data"));
        prepare(&folder);
        let keeper = keep(&bin, &folder, more);
        let server = Self { folder, bin, keeper };
        server.wait_until_ready();
        Some(server)
    }

    fn new_folder() -> PathBuf {
        PathBuf::from(output(as_user("mktemp").args(["-d", "-p", "/tmp"])).trim())
    }

    /// How to reach it.
    pub fn text(&self) -> String {
        format!("host={} port=5432 user=service dbname=postgres", self.folder.display())
    }

    /// Where its socket and its data are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A client that runs this text.
    pub fn psql(&self, text: &str) -> Command {
        let mut command = Command::new(self.bin.join("psql"));
        command.args(["-qX", "-v", "ON_ERROR_STOP=1", "-h", self.folder.to_str().unwrap(), "-U", "service"]);
        command.args(["-d", "postgres", "-c", text]);
        command
    }

    /// Runs this text.
    pub fn sql(&self, text: &str) {
        output(&mut self.psql(text));
    }

    /// What a query of one value says, in the database of this URL.
    pub fn ask(&self, url: &str, query: &str) -> String {
        output(Command::new(self.bin.join("psql")).args(["-qXAt", "-v", "ON_ERROR_STOP=1", "-c", query, url]))
            .trim()
            .into()
    }

    /// Everything in the database of this URL, as SQL that makes it anew.
    pub fn dump(&self, url: &str) -> String {
        let text =
            output(Command::new(self.bin.join("pg_dump")).args(["--no-owner", "--no-privileges", "--inserts", url]));
        // Only the newest clients know these two commands.
        let is_of_all = |line: &&str| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict");
        text.lines().filter(is_of_all).flat_map(|line| [line, "\n"]).collect()
    }

    /// Runs a file of SQL in the database of this URL.
    pub fn load(&self, url: &str, file: &Path) {
        output(Command::new(self.bin.join("psql")).args(["-qX", "-v", "ON_ERROR_STOP=1", "-f"]).arg(file).arg(url));
    }

    /// Makes an empty database, and returns its URL.
    pub fn database(&self) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("home_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        self.sql(&format!("CREATE DATABASE {name}"));
        let mut host = String::new();
        for byte in self.folder.to_str().unwrap().bytes() {
            write!(host, "%{byte:02X}").unwrap();
        }
        format!("postgres://service@{host}/{name}")
    }

    /// Kills every process of the server at once, as a lost machine would, and starts it again.
    pub fn crash(&self) {
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

/// The runtime that drives connections; tests themselves wait on plain threads.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap())
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// Makes an empty cluster. It is not synced: a machine that fails takes the tests with it.
fn initialise(bin: &Path, data: &Path) {
    let mut initdb = as_user(bin.join("initdb").to_str().unwrap());
    initdb.args(["-D", data.to_str().unwrap(), "-U", "service", "-A", "trust", "-E", "UTF8", "--no-sync"]);
    output(&mut initdb);
}

/// An authority, and a server's certificate by it.
fn certify(folder: &Path) {
    let script = r#"
        umask 077; cd "$1"
        new="openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
        $new -keyout ca.key -out ca.crt -subj /CN=authority
        $new -CA ca.crt -CAkey ca.key -keyout server.key -out server.crt -subj /CN=db.test \
            -addext subjectAltName=DNS:db.test -addext basicConstraints=critical,CA:FALSE
        openssl x509 -in ca.crt -outform DER -out ca.der
        chmod 755 . && chmod 644 ca.der
    "#;
    output(as_user("sh").args(["-ec", script, "certify", folder.to_str().unwrap()]));
}

/// Runs the server, again after each end, until its own input ends: then this process is gone.
fn keep(bin: &Path, folder: &Path, more: &str) -> Child {
    let script = r#"
        bin=$1; folder=$2; more=$3
        serve() {
            while [ ! -e "$folder/over" ]; do
                "$bin/postgres" -D "$folder/data" -k "$folder" -c listen_addresses= -c max_connections=300 $more \
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
        .args(["-c", script, "keeper", bin.to_str().unwrap(), folder.to_str().unwrap(), more])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// A folder that was asked for is never replaced by another: what then fails says which program is missing.
fn installed() -> Option<PathBuf> {
    if let Some(asked) = std::env::var_os("POSTGRES_BIN") {
        return Some(asked.into());
    }
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let bins = versions.filter_map(|version| Some(version.ok()?.path().join("bin")));
    bins.filter(|bin| bin.join("initdb").exists()).max()
}

/// Postgres refuses to run as root, so root asks the package's user to.
pub fn as_user(program: &str) -> Command {
    let is_root = output(Command::new("id").arg("-u")).trim() == "0";
    if !is_root {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--", program]).current_dir("/");
    command
}

/// What an error says, down to its first cause.
pub fn said(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn output(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
