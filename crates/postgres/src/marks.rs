//! Last uses and sightings, written off the request path.

use std::collections::{BTreeMap, BTreeSet};

use service_accounts_store::{Seen, SeenKind, Sighting, Usage};
use service_accounts_token::TokenId;
use tokio_postgres::Row;

use crate::{
    PostgresError,
    pool::{Pool, Step},
    rows::{self, column, instant, text},
    statements::Statements,
};

type Sightings = BTreeMap<TokenId, BTreeMap<Seen, Sighting>>;

/// Keeps marks in one transaction. It takes no turn; only a change of one of these tokens waits for it, and with that change whatever comes
/// after it.
pub(crate) async fn touch(pool: &Pool, uses: &[Usage], sightings: &[Sighting]) -> Result<(), PostgresError> {
    let tokens: BTreeSet<&str> = sightings.iter().map(|sighting| sighting.token.as_str()).collect();
    let tokens: Vec<_> = tokens.into_iter().collect();
    let statements = &pool.statements;
    let session = pool.session_to_change().await?;
    let lock = [Step::new(&statements.lock_tokens).with(tokens.clone()), Step::new(&statements.sightings).with(tokens)];
    let answers = session.begin(&lock).await?;
    let [_, locked, kept] = answers.as_slice() else { return Err(PostgresError::corrupt("sighting")) };
    let before = read_kept(locked, kept)?;
    let after = joined(before.clone(), sightings);
    let mut steps = written(statements, &before, &after);
    steps.extend(touched(statements, uses));
    session.commit(&steps).await.map_err(PostgresError::after_sending)?;
    drop(steps);
    session.finish()
}

pub(crate) async fn sightings(pool: &Pool, token: &TokenId) -> Result<Vec<Sighting>, PostgresError> {
    let session = pool.session().await?;
    let found = session.rows(&pool.statements.sightings, &[&vec![token.as_str()]]).await?;
    session.finish()?;
    let mut found = found.iter().map(sighting).collect::<Result<Vec<_>, _>>()?;
    found.sort_by(|one, other| one.seen.cmp(&other.seen));
    Ok(found)
}

/// What is kept of each token that exists.
fn read_kept(locked: &[Row], kept: &[Row]) -> Result<Sightings, PostgresError> {
    let mut found: Sightings = locked
        .iter()
        .map(|row| Ok((rows::token_id(row, 0)?, BTreeMap::new())))
        .collect::<Result<_, PostgresError>>()?;
    for row in kept {
        let sighting = sighting(row)?;
        if let Some(rows) = found.get_mut(&sighting.token) {
            rows.insert(sighting.seen.clone(), sighting);
        }
    }
    Ok(found)
}

/// A value that finds the table full takes the place of the one seen longest ago; unknown tokens are dropped.
fn joined(mut kept: Sightings, sightings: &[Sighting]) -> Sightings {
    for sighting in sightings {
        let Some(rows) = kept.get_mut(&sighting.token) else { continue };
        let joined = rows.get(&sighting.seen).map_or_else(|| sighting.clone(), |row| row.joined(sighting));
        rows.insert(sighting.seen.clone(), joined);
        let of_kind = || rows.values().filter(|row| row.seen.kind() == sighting.seen.kind());
        if of_kind().count() > Sighting::MOST {
            let others = of_kind().filter(|row| row.seen != sighting.seen);
            let stalest = others.min_by_key(|row| row.last.unix_timestamp()).map(|row| row.seen.clone());
            stalest.map(|seen| rows.remove(&seen));
        }
    }
    kept
}

fn written<'a>(statements: &'a Statements, before: &'a Sightings, after: &'a Sightings) -> Vec<Step<'a>> {
    let row_of = |all: &'a Sightings, one: &Sighting| all.get(&one.token).and_then(|rows| rows.get(&one.seen));
    let rows = |all: &'a Sightings| all.values().flat_map(BTreeMap::values);
    let changed: Vec<_> = rows(after).filter(|one| row_of(before, one) != Some(one)).collect();
    let gone: Vec<_> = rows(before).filter(|one| row_of(after, one).is_none()).collect();
    let mut steps = Vec::new();
    if !gone.is_empty() {
        steps.push(keyed(Step::new(&statements.remove_sightings), &gone));
    }
    if !changed.is_empty() {
        steps.push(put(statements, &changed));
    }
    steps
}

pub(crate) fn put<'a>(statements: &'a Statements, sightings: &[&'a Sighting]) -> Step<'a> {
    let count = |one: &&Sighting| i64::try_from(one.count).unwrap_or(i64::MAX);
    keyed(Step::new(&statements.put_sightings), sightings)
        .with(sightings.iter().map(count).collect::<Vec<_>>())
        .with(sightings.iter().map(|one| one.first.unix_timestamp()).collect::<Vec<_>>())
        .with(sightings.iter().map(|one| one.last.unix_timestamp()).collect::<Vec<_>>())
}

fn keyed<'a>(step: Step<'a>, sightings: &[&'a Sighting]) -> Step<'a> {
    step.with(sightings.iter().map(|one| one.token.as_str()).collect::<Vec<_>>())
        .with(sightings.iter().map(|one| one.seen.kind().as_str()).collect::<Vec<_>>())
        .with(sightings.iter().map(|one| one.seen.value()).collect::<Vec<_>>())
}

/// One row a token, the newest use of those given; of equal ones the first.
pub(crate) fn touched<'a>(statements: &'a Statements, uses: &'a [Usage]) -> Option<Step<'a>> {
    let mut newest: BTreeMap<&str, &Usage> = BTreeMap::new();
    for mark in uses {
        let seconds = |mark: &Usage| mark.last.at.unix_timestamp();
        let kept = newest.entry(mark.token.as_str()).or_insert(mark);
        if seconds(kept) < seconds(mark) {
            *kept = mark;
        }
    }
    let marks: Vec<_> = newest.into_values().collect();
    let step = Step::new(&statements.touch)
        .with(marks.iter().map(|mark| mark.token.as_str()).collect::<Vec<_>>())
        .with(marks.iter().map(|mark| mark.last.at.unix_timestamp()).collect::<Vec<_>>())
        .with(marks.iter().map(|mark| mark.last.address.map(|address| address.to_string())).collect::<Vec<_>>());
    (!marks.is_empty()).then_some(step)
}

fn sighting(row: &Row) -> Result<Sighting, PostgresError> {
    let corrupt = || PostgresError::corrupt("sighting");
    let kind: SeenKind = text(row, 1, "sighting")?.parse().map_err(|_| corrupt())?;
    let count: i64 = column(row, 3, "sighting")?;
    Ok(Sighting {
        token: rows::token_id(row, 0)?,
        seen: Seen::restore(kind, text(row, 2, "sighting")?).map_err(|_| corrupt())?,
        count: u64::try_from(count).map_err(|_| corrupt())?,
        first: instant(column(row, 4, "sighting")?, "sighting")?,
        last: instant(column(row, 5, "sighting")?, "sighting")?,
    })
}
