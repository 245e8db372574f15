//! The trail.

use service_accounts_audit::{Event, Order, Page, Query, Recorded, Sequence};
use time::UtcDateTime;
use tokio_postgres::{Row, types::Type};

use crate::{
    PostgresError,
    pool::{Parameters, Pool},
    rows::{self, column, decode, encode, limit, one_more_than, text},
    statements::Statement,
};

/// How many events one page looks at, where more than one condition must hold.
const LOOK: i64 = 10_000;

/// One statement takes the turn and appends, so it happens whole or not at all.
pub(crate) async fn append(pool: &Pool, events: &[Event]) -> Result<(), PostgresError> {
    let records = events.iter().map(encode).collect::<Result<Vec<_>, _>>()?;
    let at: Vec<_> = events.iter().map(|event| event.at().unix_timestamp()).collect();
    let action: Vec<_> = events.iter().map(|event| event.action().as_str()).collect();
    let actor: Vec<_> = events.iter().map(|event| event.actor().as_str()).collect();
    let account: Vec<_> = events.iter().map(|event| event.account().map(|label| label.as_str())).collect();
    let token: Vec<_> = events.iter().map(|event| event.token().map(|label| label.as_str())).collect();
    let values: Parameters<'_> = &[&at, &action, &actor, &account, &token, &records, &limit(events.len())];
    let session = pool.session_to_change().await?;
    session.execute(&pool.statements.append, values).await.map_err(PostgresError::after_sending)?;
    session.finish()
}

pub(crate) async fn trim(pool: &Pool, place: Sequence, most: usize) -> Result<usize, PostgresError> {
    let session = pool.session_to_change().await?;
    let removed = session.execute(&pool.statements.trim, &[&place.number(), &limit(most)]).await;
    let removed = removed.map_err(PostgresError::after_sending)?;
    session.finish()?;
    Ok(usize::try_from(removed).unwrap_or(usize::MAX))
}

pub(crate) async fn page(pool: &Pool, query: &Query) -> Result<Page, PostgresError> {
    let plan = Plan::of(query);
    let statement = Statement::new(&plan.text(), &Plan::TYPES, &pool.settings);
    let start = match query.order() {
        Order::NewestFirst => i64::MAX,
        Order::OldestFirst => i64::MIN,
    };
    let values: Parameters<'_> = &[
        &query.account().map(|label| label.as_str()),
        &query.token().map(|label| label.as_str()),
        &query.actor().map(|label| label.as_str()),
        &query.action().map(|action| action.as_str()),
        &query.earliest().map(first_second_from),
        &query.end().map(first_second_from),
        &query.place().map_or(start, Sequence::number),
        &one_more_than(query.page_size()),
    ];
    let session = pool.session().await?;
    let found = session.rows(&statement, values).await?;
    session.finish()?;
    read_page(query, &found)
}

/// Each row tells how many events were looked at, where that ended, and an event; without events there is one row.
fn read_page(query: &Query, found: &[Row]) -> Result<Page, PostgresError> {
    let mut events = Vec::new();
    for row in found {
        if let Some(sequence) = column::<Option<i64>>(row, 2, "event")? {
            let event = decode(text(row, 3, "event")?, "event")?;
            events.push(Recorded { sequence: Sequence::new(sequence), event });
        }
    }
    let has_more = events.len() > query.page_size();
    events.truncate(query.page_size());
    let next = match (has_more, found.first()) {
        (true, _) => events.last().map(|last| last.sequence),
        (false, Some(row)) if column::<i64>(row, 0, "event")? >= LOOK => Some(rows::sequence(row, 1, "event")?),
        (false, _) => None,
    };
    Ok(Page::new(events, next))
}

/// How a query is read: along the index of its rarest condition, in the order of places.
struct Plan {
    along: &'static str,
    is_exact: bool,
    order: Order,
}

impl Plan {
    const TYPES: [Type; 8] =
        [Type::TEXT, Type::TEXT, Type::TEXT, Type::TEXT, Type::INT8, Type::INT8, Type::INT8, Type::INT8];

    fn of(query: &Query) -> Self {
        let conditions = [
            (query.token().is_some(), "token = $2"),
            (query.account().is_some(), "account = $1"),
            (query.actor().is_some(), "actor = $3"),
            (query.action().is_some(), "action = $4"),
        ];
        let mut given = conditions.into_iter().filter(|(is_given, _)| *is_given).map(|(_, condition)| condition);
        let along = given.next().unwrap_or("true");
        let is_timed = query.earliest().is_some() || query.end().is_some();
        Self { along, is_exact: given.next().is_none() && !is_timed, order: query.order() }
    }

    fn text(&self) -> String {
        let (behind, direction, edge) = match self.order {
            Order::NewestFirst => ("<", "DESC", "min"),
            Order::OldestFirst => (">", "ASC", "max"),
        };
        let along = self.along;
        if self.is_exact {
            return format!(
                "SELECT 0::bigint, 0::bigint, sequence, record FROM @event
                WHERE {{current}} AND {along} AND sequence {behind} $7 ORDER BY sequence {direction} LIMIT $8"
            );
        }
        format!(
            "WITH seen AS MATERIALIZED (
                SELECT sequence, at, action, actor, account, token FROM @event
                WHERE {{current}} AND {along} AND sequence {behind} $7 ORDER BY sequence {direction} LIMIT {LOOK}
            ), found AS (
                SELECT sequence FROM seen
                WHERE ($1::text IS NULL OR account = $1) AND ($2::text IS NULL OR token = $2)
                    AND ($3::text IS NULL OR actor = $3) AND ($4::text IS NULL OR action = $4)
                    AND ($5::bigint IS NULL OR at >= $5) AND ($6::bigint IS NULL OR at < $6)
                ORDER BY sequence {direction} LIMIT $8
            ), looked AS (SELECT count(*) AS count, {edge}(sequence) AS edge FROM seen)
            SELECT looked.count, looked.edge, event.sequence, event.record
            FROM looked LEFT JOIN (found JOIN @event AS event USING (sequence)) ON true
            ORDER BY event.sequence {direction}"
        )
    }
}

/// Events keep whole seconds: the first one that is not before the instant.
fn first_second_from(instant: UtcDateTime) -> i64 {
    let second = instant.unix_timestamp();
    if instant.nanosecond() == 0 { second } else { second.saturating_add(1) }
}
