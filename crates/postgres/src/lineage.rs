//! Which of two primaries is the later one.
//!
//! If nobody stops a former primary after a failover, both servers take changes, and Postgres tells neither. But each promotion
//! begins a new timeline. So a node that has met the later server never again asks the earlier one, whichever it reaches first.
//! Two standbys that are both promoted, without an archive that they share, begin the same one: those two are not told apart.
//!
//! Given up: a cluster that is set back on purpose, to files of an earlier timeline, is refused until the node restarts. A node that
//! has not met the later server follows the earlier one; only the operator can prevent that.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use tokio_postgres::{Client, SimpleQueryMessage};

use crate::{PostgresError, connections::locked};

/// Every role may ask it, of a server that takes changes.
const QUERY: &str = "
    SELECT system_identifier, substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) FROM pg_control_system()";

/// One life of a cluster; the next begins when a standby is promoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lineage {
    cluster: i64,
    timeline: u32,
}

impl Lineage {
    /// None if the server does not tell: other engines, and roles that may not ask.
    pub(crate) async fn of(client: &Client) -> Result<Option<Self>, tokio_postgres::Error> {
        let messages = match client.simple_query(QUERY).await {
            Err(error) if error.code().is_some_and(|code| is_for_good(code.code())) && !client.is_closed() => {
                return Ok(None);
            }
            answer => answer?,
        };
        Ok(messages.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => Self::read(row.get(0)?, row.get(1)?),
            _ => None,
        }))
    }

    fn read(cluster: &str, timeline: &str) -> Option<Self> {
        Some(Self { cluster: cluster.parse().ok()?, timeline: u32::from_str_radix(timeline, 16).ok()? })
    }

    /// Other clusters, such as one that was restored from a dump, count on their own.
    const fn is_before(self, other: Self) -> bool {
        self.cluster == other.cluster && self.timeline < other.timeline
    }
}

/// Whether a server that refuses the question with this code never answers it. One that could not answer just now (no memory, a
/// time limit, a shutdown) is asked again on the next connection: it may be a former primary.
fn is_for_good(code: &str) -> bool {
    !matches!(code.get(..2), Some("08" | "40" | "53" | "57" | "58"))
}

/// The latest life that any connection of this node has met.
#[derive(Debug, Default)]
pub(crate) struct Lineages {
    latest: Mutex<Option<Lineage>>,
    /// The place of the server that was good last, of those that the text names.
    good: AtomicUsize,
}

impl Lineages {
    /// Refuses a server from before the latest, and otherwise remembers it.
    pub(crate) fn meet(&self, met: Option<Lineage>) -> Result<(), PostgresError> {
        let mut latest = locked(&self.latest);
        if is_former(met, *latest) {
            return Err(PostgresError::Superseded);
        }
        *latest = met.or(*latest);
        Ok(())
    }

    /// Whether no connection has met a later server since, or another cluster: who still listens to the former one would hear of
    /// nothing that is changed in the present one.
    pub(crate) fn is_current(&self, met: Option<Lineage>) -> bool {
        met.zip(*locked(&self.latest)).is_none_or(|(met, latest)| met == latest)
    }

    pub(crate) fn good(&self) -> usize {
        self.good.load(Relaxed)
    }

    pub(crate) fn note_good(&self, server: usize) {
        self.good.store(server, Relaxed);
    }
}

fn is_former(met: Option<Lineage>, latest: Option<Lineage>) -> bool {
    met.zip(latest).is_some_and(|(met, latest)| met.is_before(latest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_from_before_the_latest_is_refused_and_another_cluster_is_not() {
        let [one, two] = [1, 2].map(|timeline| Some(Lineage { cluster: 1, timeline }));
        let other = Some(Lineage { cluster: 2, timeline: 1 });
        let met = Lineages::default();
        for (lineage, is_fine) in [(one, true), (one, true), (two, true), (one, false), (two, true), (None, true)] {
            assert_eq!(met.meet(lineage).is_ok(), is_fine, "{lineage:?}");
        }
        assert!(!met.is_current(one) && met.is_current(two) && met.is_current(None));
        assert!(met.meet(other).is_ok(), "restored elsewhere");
        assert!(met.is_current(other) && !met.is_current(two) && met.is_current(None));
    }

    #[test]
    fn a_server_that_cannot_answer_just_now_is_not_one_that_never_does() {
        assert!(["42883", "42501", "0A000", "55000", "XX000"].iter().all(|code| is_for_good(code)));
        assert!(!["57014", "57P01", "53200", "08006", "40001", "58030"].iter().any(|code| is_for_good(code)));
    }

    /// Postgres has no unsigned numbers: the identifier of a cluster made after January 2038 is negative.
    #[test]
    fn a_timeline_is_read_as_postgres_writes_it() {
        let read = Lineage::read("-9223372036854775808", "0000000B").unwrap();
        assert_eq!((read.cluster, read.timeline), (i64::MIN, 11));
        assert_eq!(Lineage::read("1", ""), None);
    }
}
