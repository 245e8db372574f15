//! Which of several servers is asked.
//!
//! Each has its share of the deadline, until it has answered whether it takes changes: one that greets and then says nothing, as a
//! machine with a hung disk does, leaves time for the next.

use std::{
    future::Future,
    hash::{BuildHasher, RandomState},
};

use tokio::time::timeout;
use tokio_postgres::{
    Config,
    config::{Host, LoadBalanceHosts},
};

use crate::{PostgresError, Settings, lineage::Lineages};

/// The first server that is good, from the one that was good last on.
///
/// # Errors
/// None is; this is what tells most of all that they said.
pub(crate) async fn first_good<T, F: Future<Output = Result<T, PostgresError>>>(
    settings: &Settings,
    lineages: &Lineages,
    open: impl Fn(Config) -> F,
) -> Result<T, PostgresError> {
    let servers = each(&settings.connection());
    let share = settings.deadline / u32::try_from(servers.len()).unwrap_or(u32::MAX).max(1);
    let mut failure = PostgresError::TooSlow;
    for (at, server) in servers.iter().enumerate().cycle().skip(begin(settings, lineages)).take(servers.len()) {
        match timeout(share, open(server.clone())).await.unwrap_or(Err(PostgresError::TooSlow)) {
            Ok(good) => {
                lineages.note_good(at);
                return Ok(good);
            }
            Err(error) if tells(&error) > tells(&failure) => failure = error,
            Err(_) => {}
        }
    }
    Err(failure)
}

/// Which server is asked first.
fn begin(settings: &Settings, lineages: &Lineages) -> usize {
    match settings.config.get_load_balance_hosts() {
        LoadBalanceHosts::Random => usize::from(RandomState::new().hash_one(()).to_le_bytes()[0]),
        _ => lineages.good(),
    }
}

/// How much an error tells, where another server failed in another way.
const fn tells(error: &PostgresError) -> u8 {
    match error {
        PostgresError::TooSlow => 0,
        PostgresError::Unavailable(_) => 1,
        // Calls then share the connections that there are.
        PostgresError::TooManyConnections(_) => 3,
        _ => 2,
    }
}

/// One for each server of these, never none. Numbers that do not fit together are left for the driver to refuse.
pub(crate) fn each(all: &Config) -> Vec<Config> {
    let (hosts, addresses, ports) = (all.get_hosts(), all.get_hostaddrs(), all.get_ports());
    let count = hosts.len().max(addresses.len());
    let fits = |length: usize, fewest: usize| length <= fewest || length == count;
    if count < 2 || !fits(hosts.len(), 0) || !fits(addresses.len(), 0) || !fits(ports.len(), 1) {
        return vec![all.clone()];
    }
    (0..count).map(|at| one(all, at)).collect()
}

/// The same, with this server alone.
fn one(all: &Config, at: usize) -> Config {
    let mut one = Config::new();
    one.ssl_mode(all.get_ssl_mode())
        .ssl_negotiation(all.get_ssl_negotiation())
        .channel_binding(all.get_channel_binding())
        .target_session_attrs(all.get_target_session_attrs())
        .load_balance_hosts(all.get_load_balance_hosts())
        .keepalives(all.get_keepalives())
        .keepalives_idle(all.get_keepalives_idle());
    let _ = all.get_user().map(|it| one.user(it));
    let _ = all.get_password().map(|it| one.password(it));
    let _ = all.get_dbname().map(|it| one.dbname(it));
    let _ = all.get_options().map(|it| one.options(it));
    let _ = all.get_application_name().map(|it| one.application_name(it));
    let _ = all.get_connect_timeout().map(|it| one.connect_timeout(*it));
    let _ = all.get_tcp_user_timeout().map(|it| one.tcp_user_timeout(*it));
    let _ = all.get_keepalives_interval().map(|it| one.keepalives_interval(it));
    let _ = all.get_keepalives_retries().map(|it| one.keepalives_retries(it));
    match all.get_hosts().get(at) {
        Some(Host::Tcp(name)) => drop(one.host(name)),
        #[cfg(unix)]
        Some(Host::Unix(path)) => drop(one.host_path(path)),
        None => {}
    }
    let _ = all.get_hostaddrs().get(at).map(|it| one.hostaddr(*it));
    let _ = all.get_ports().get(at).or(all.get_ports().first()).map(|it| one.port(*it));
    one
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever a text says of all servers is said of each: it is written with each setting that the driver reads.
    #[test]
    fn each_server_has_all_that_the_text_says() {
        let common = "user=u password=p dbname=d options=o application_name=a sslmode=require sslnegotiation=direct \
                      channel_binding=disable connect_timeout=3 tcp_user_timeout=4 keepalives=0 keepalives_idle=5 \
                      keepalives_interval=6 keepalives_retries=7 target_session_attrs=read-write load_balance_hosts=random";
        let read = |text: &str| format!("{common} {text}").parse::<Config>().unwrap();
        for (all, alone) in [
            ("host=a,/b port=1,2", ["host=a port=1", "host=/b port=2"]),
            (
                "host=a,b hostaddr=10.0.0.1,10.0.0.2 port=1",
                ["host=a hostaddr=10.0.0.1 port=1", "host=b hostaddr=10.0.0.2 port=1"],
            ),
            ("hostaddr=10.0.0.1,10.0.0.2", ["hostaddr=10.0.0.1", "hostaddr=10.0.0.2"]),
        ] {
            assert_eq!(each(&read(all)), alone.map(read), "{all}");
        }
        for text in ["host=a", "host=a,b port=1,2,3", "host=a,b hostaddr=10.0.0.1"] {
            assert_eq!(each(&read(text)), [read(text)], "{text}");
        }
    }
}
