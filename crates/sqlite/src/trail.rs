//! Pages of the trail, each within a bounded number of looks.
//!
//! Every condition has an index that is ordered by place. A page is found by leaping: each condition in turn is asked for
//! its next place at or behind the present one, until all name the same. So a combination costs what its rarest condition
//! matches, a span of time skips the blocks of places that have nothing in it, and conditions that never meet end the page after [`LOOKS`] looks, with the place to go on from.
//!
//! ```text
//! account = a    ·  9  ·  ·  6  ·  ·  ·  2  ·      newest first: account says 9, action leaps to 7,
//! action  = x    ·  ·  ·  7  6  ·  ·  ·  2  1      account to 6, action agrees: 6 is on the page
//! ```
//!
//! Given up: a page may be short or empty and not be the last.

use rusqlite::{CachedStatement, Connection, OptionalExtension, params};
use service_accounts_audit::{Order, Page, Query, Recorded, Sequence};
use time::UtcDateTime;

use crate::{
    SqliteError,
    event_row::{self, decode_event},
    events::BLOCK,
    labels,
};

/// How many places a page looks at; each takes a few microseconds.
const LOOKS: usize = 1_000;

/// Reads one page, all of it from one state of the file.
pub(crate) fn page(connection: &Connection, query: &Query) -> Result<Page, SqliteError> {
    let snapshot = connection.unchecked_transaction()?;
    let page = match Walk::begin(&snapshot, query)? {
        Some(walk) => walk.page()?,
        None => Page::default(),
    };
    snapshot.commit()?;
    Ok(page)
}

/// Walks through the trail in the order of a query.
struct Walk<'c> {
    query: &'c Query,
    /// The same query without its instants: the conditions that have an index.
    filed: Query,
    conditions: Vec<Condition<'c>>,
    event: CachedStatement<'c>,
    /// The first place that was not decided yet.
    present: i64,
    looks: usize,
}

enum Step {
    At(i64),
    /// No place is left.
    End,
    /// Enough was looked at for one page.
    Spent,
}

/// One condition, by what serves it.
enum Condition<'c> {
    /// A column's value, by its index.
    Value { value: i64, seek: CachedStatement<'c> },
    /// The instants asked for, by the blocks of places that have events between them.
    Within { span: (i64, i64), order: Order, seek: CachedStatement<'c> },
}

impl<'c> Walk<'c> {
    /// `None` where a text is asked for that no event names.
    fn begin(connection: &'c Connection, query: &'c Query) -> Result<Option<Self>, SqliteError> {
        let named = [
            ("token", query.token().map(AsRef::as_ref)),
            ("account", query.account().map(AsRef::as_ref)),
            ("actor", query.actor().map(AsRef::as_ref)),
            ("action", query.action().map(|action| action.as_str())),
        ];
        let mut conditions = Vec::new();
        for (column, text) in named {
            let Some(text) = text else { continue };
            let Some(value) = labels::find(connection, text)? else { return Ok(None) };
            conditions.push(Condition::value(connection, column, value, query.order())?);
        }
        if conditions.is_empty() {
            conditions.push(Condition::value(connection, "", 0, query.order())?);
        }
        if query.earliest().is_some() || query.end().is_some() {
            conditions.push(Condition::within(connection, query)?);
        }
        Ok(Some(Self {
            query,
            filed: filed(query),
            conditions,
            event: connection.prepare_cached(event_row::SELECT)?,
            present: first_place(query),
            looks: 0,
        }))
    }

    fn page(mut self) -> Result<Page, SqliteError> {
        let mut found: Vec<Recorded> = Vec::new();
        loop {
            match self.next_place()? {
                Step::End => return Ok(Page::new(found, None)),
                Step::Spent => return Ok(Page::new(found, Some(Sequence::new(self.after(self.present, -1))))),
                Step::At(place) => {
                    let Some(recorded) = self.read(place)? else { continue };
                    if found.len() == self.query.page_size() {
                        let last = found.last().map(|last| last.sequence);
                        return Ok(Page::new(found, last));
                    }
                    found.push(recorded);
                }
            }
        }
    }

    /// The next place that all conditions name.
    fn next_place(&mut self) -> Result<Step, SqliteError> {
        let mut agreed = 0;
        for turn in (0..self.conditions.len()).cycle() {
            let Some(condition) = self.conditions.get_mut(turn) else { break };
            if self.looks >= LOOKS {
                return Ok(Step::Spent);
            }
            self.looks += 1;
            let Some(place) = condition.place_from(self.present)? else { return Ok(Step::End) };
            agreed = if place == self.present { agreed + 1 } else { 1 };
            self.present = place;
            if agreed == self.conditions.len() {
                return Ok(Step::At(place));
            }
        }
        Ok(Step::End)
    }

    /// The event at a place if it is in time, and moves on.
    fn read(&mut self, place: i64) -> Result<Option<Recorded>, SqliteError> {
        let mut rows = self.event.query([place])?;
        let row = rows.next()?.ok_or(SqliteError::Corrupt { table: "event" })?;
        let recorded = Recorded { sequence: Sequence::new(place), event: decode_event(row)? };
        drop(rows);
        self.present = self.after(place, 1);
        // An event found by what its row does not say would otherwise be left out as if it were not there.
        if !self.filed.matches(&recorded) {
            return Err(SqliteError::Corrupt { table: "event" });
        }
        Ok(self.query.matches(&recorded).then_some(recorded))
    }

    /// So many places further in the order of the query.
    fn after(&self, place: i64, steps: i64) -> i64 {
        match self.query.order() {
            Order::NewestFirst => place.saturating_sub(steps),
            Order::OldestFirst => place.saturating_add(steps),
        }
    }
}

impl<'c> Condition<'c> {
    fn value(connection: &'c Connection, column: &str, value: i64, order: Order) -> Result<Self, SqliteError> {
        Ok(Self::Value { value, seek: connection.prepare_cached(&seek(column, order))? })
    }

    fn within(connection: &'c Connection, query: &Query) -> Result<Self, SqliteError> {
        let seek = match query.order() {
            Order::NewestFirst => {
                "SELECT block FROM event_block WHERE block <= ?1 AND latest >= ?2 AND earliest < ?3
                 ORDER BY block DESC LIMIT 1"
            }
            Order::OldestFirst => {
                "SELECT block FROM event_block WHERE block >= ?1 AND latest >= ?2 AND earliest < ?3
                 ORDER BY block LIMIT 1"
            }
        };
        let from = query.earliest().map_or(i64::MIN, first_second_from);
        let to = query.end().map_or(i64::MAX, first_second_from);
        Ok(Self::Within { span: (from, to), order: query.order(), seek: connection.prepare_cached(seek)? })
    }

    /// The first place at or behind the present one where the condition may hold.
    fn place_from(&mut self, present: i64) -> Result<Option<i64>, SqliteError> {
        match self {
            Self::Value { value, seek } => Ok(seek.query_row(params![*value, present], |row| row.get(0)).optional()?),
            Self::Within { span: (from, to), order, seek } => {
                let within = present / BLOCK;
                let block: Option<i64> = seek.query_row([within, *from, *to], |row| row.get(0)).optional()?;
                Ok(block.map(|block| if block == within { present } else { edge(block, *order) }))
            }
        }
    }
}

/// The place of a block that comes first in this order.
fn edge(block: i64, order: Order) -> i64 {
    let first = block.saturating_mul(BLOCK);
    match order {
        Order::NewestFirst => first.saturating_add(BLOCK - 1),
        Order::OldestFirst => first,
    }
}

/// Rows keep whole seconds, so one that begins within a second is not before it.
fn first_second_from(instant: UtcDateTime) -> i64 {
    let second = instant.unix_timestamp();
    if instant.nanosecond() == 0 { second } else { second.saturating_add(1) }
}

/// The next place at or behind `?2` where a column has the value `?1`; of any event without a column.
fn seek(column: &str, order: Order) -> String {
    let (from, condition) = if column.is_empty() {
        ("event".to_owned(), "?1 = 0".to_owned())
    } else {
        (format!("event INDEXED BY event_by_{column}"), format!("{column} = ?1"))
    };
    let (behind, direction) = match order {
        Order::NewestFirst => ("<=", "DESC"),
        Order::OldestFirst => (">=", "ASC"),
    };
    format!(
        "SELECT sequence FROM {from} WHERE {condition} AND sequence {behind} ?2 ORDER BY sequence {direction} LIMIT 1"
    )
}

fn first_place(query: &Query) -> i64 {
    match (query.place().map(Sequence::number), query.order()) {
        (Some(place), Order::NewestFirst) => place.saturating_sub(1),
        (Some(place), Order::OldestFirst) => place.saturating_add(1),
        (None, Order::NewestFirst) => i64::MAX,
        (None, Order::OldestFirst) => i64::MIN,
    }
}

fn filed(query: &Query) -> Query {
    let filed = Query::default();
    let filed = query.account().map_or(filed.clone(), |account| filed.clone().for_account(account.clone()));
    let filed = query.actor().map_or(filed.clone(), |actor| filed.clone().by_actor(actor.clone()));
    let filed = query.token().map_or(filed.clone(), |token| filed.clone().for_token(token.clone()));
    query.action().map_or(filed.clone(), |action| filed.for_action(action))
}
