//! pgpool-II before two private servers, which sends reads to the standby.

use std::{
    fs,
    path::Path,
    process::{Child, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use crate::{Server, as_user};

const PROGRAM: &str = "/usr/sbin/pgpool";

/// pgpool that sends every read it may to the standby; it ends with this.
pub struct Balancer<'s> {
    primary: &'s Server,
    child: Child,
}

impl<'s> Balancer<'s> {
    /// None, said aloud, where pgpool is not installed. In CI that is a failure.
    pub fn start(primary: &'s Server, standby: &Server) -> Option<Self> {
        if !Path::new(PROGRAM).exists() {
            let message = "NOT TESTED: no pgpool; install Debian's pgpool2";
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{message}");
            eprintln!("{message}");
            return None;
        }
        let file = primary.folder.join("pgpool.conf");
        fs::write(&file, text(&primary.folder, &standby.folder)).unwrap();
        let mut command = as_user(PROGRAM);
        command.arg("-n").arg("-f").arg(file).stdout(Stdio::null()).stderr(Stdio::null());
        let balancer = Self { primary, child: command.spawn().unwrap() };
        balancer.wait_until_ready(standby);
        Some(balancer)
    }

    /// How to reach it.
    pub fn text(&self) -> String {
        self.primary.text().replace("5432", "9999")
    }

    /// Until it has found out which of the two is the primary: a read without a volatile function goes to the other then.
    fn wait_until_ready(&self, standby: &Server) {
        let start = Instant::now();
        let query = "SELECT current_setting('in_hot_standby')";
        loop {
            let mut client = self.primary.psql(query);
            let said = client.args(["-At", "-p", "9999"]).output().unwrap().stdout;
            if said == b"on\n" {
                return;
            }
            assert!(start.elapsed() < Duration::from_secs(30), "no reads reach {}", standby.folder.display());
            sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Balancer<'_> {
    fn drop(&mut self) {
        let id = fs::read_to_string(self.primary.folder.join("pgpool.pid")).unwrap_or_default();
        let id: String = id.chars().filter(char::is_ascii_digit).collect();
        let _ = as_user("kill").args(["-INT", &id]).status();
        let _ = self.child.wait();
    }
}

fn text(primary: &Path, standby: &Path) -> String {
    let (here, there) = (primary.display(), standby.display());
    format!(
        "backend_clustering_mode = 'streaming_replication'\nload_balance_mode = on\nstatement_level_load_balance = on\nlisten_addresses = ''\nport = 9999\n\
         socket_dir = '{here}'\npcp_socket_dir = '{here}'\npcp_listen_addresses = ''\npid_file_name = '{here}/pgpool.pid'\n\
         logdir = '{here}'\nwork_dir = '{here}'\nnum_init_children = 20\nmax_pool = 1\nsr_check_period = 1\n\
         sr_check_user = 'service'\nsr_check_database = 'postgres'\nhealth_check_period = 0\n\
         backend_hostname0 = '{here}'\nbackend_port0 = 5432\nbackend_weight0 = 0\nbackend_flag0 = 'DISALLOW_TO_FAILOVER'\n\
         backend_hostname1 = '{there}'\nbackend_port1 = 5432\nbackend_weight1 = 1\nbackend_flag1 = 'DISALLOW_TO_FAILOVER'\n"
    )
}
