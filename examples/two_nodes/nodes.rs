//! The nodes: processes of the example service that stands beside this program.

use std::{
    env,
    error::Error,
    io::{self, BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// Two processes, and whose turn it is.
pub(crate) struct Nodes {
    processes: Mutex<Vec<Child>>,
    addresses: [SocketAddr; 2],
    turns: AtomicUsize,
}

impl Nodes {
    /// Starts both and waits until they listen. Which they are is said first; what they say themselves is passed on after it.
    pub(crate) fn start(port: u16) -> Result<Self, Box<dyn Error + Send + Sync>> {
        // One of them makes another administrator, if that is asked for.
        let mut processes = vec![node(port)?.spawn()?, node(port)?.env_remove("RECOVER").spawn()?];
        let (mut addresses, mut outputs) = (Vec::new(), Vec::new());
        for (process, name) in processes.iter_mut().zip(["first", "second"]) {
            let output = process.stdout.take().ok_or("a node has no output")?;
            let mut lines = BufReader::new(output).lines();
            let said = lines.next().transpose()?.unwrap_or_default();
            let address = said.strip_prefix("listening on http://").ok_or("a node does not start; its log says why")?;
            addresses.push(address.parse()?);
            println!("node {name}: process {} at {address}", process.id());
            outputs.push(lines);
        }
        for lines in outputs {
            thread::spawn(move || lines.map_while(Result::ok).for_each(|line| println!("{line}")));
        }
        let addresses = addresses.try_into().map_err(|_| "a node is missing")?;
        Ok(Self { processes: Mutex::new(processes), addresses, turns: AtomicUsize::new(0) })
    }

    /// The node whose turn it is, and then the other.
    pub(crate) fn in_turn(&self) -> [SocketAddr; 2] {
        let [first, second] = self.addresses;
        if self.turns.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) { [first, second] } else { [second, first] }
    }

    /// Asks both to end, and waits: each writes down what it has gathered.
    pub(crate) fn stop(&self) {
        let mut processes = self.processes.lock().unwrap_or_else(PoisonError::into_inner);
        for process in processes.iter_mut() {
            let _ = Command::new("kill").arg("-TERM").arg(process.id().to_string()).status();
        }
        for process in processes.iter_mut() {
            let _ = process.wait();
        }
    }
}

impl Drop for Nodes {
    fn drop(&mut self) {
        for process in self.processes.get_mut().unwrap_or_else(PoisonError::into_inner) {
            let _ = process.kill();
        }
    }
}

/// A node believes the proxy, and nobody else, about where a client is; clients know both by the proxy's address.
fn node(port: u16) -> io::Result<Command> {
    let mut command = Command::new(env::current_exe()?.with_file_name("service"));
    command.env("LISTEN", "127.0.0.1:0").env("TRUSTED_PROXIES", "127.0.0.1/32");
    if env::var_os("ISSUER").is_none() {
        command.env("ISSUER", format!("http://localhost:{port}"));
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    Ok(command)
}
