//! What a change needs to know, asked for in one go and read back.

use service_accounts_audit::Sequence;
use service_accounts_naming::AccountId;
use service_accounts_store::{Needs, Records};
use service_accounts_token::TokenId;
use tokio_postgres::Row;

use crate::{
    PostgresError,
    decoded::Decoded,
    pool::Step,
    rows::{self, column, limit},
    statements::Statements,
};

/// One step for each thing needed, in the order in which [`read_back`] takes the answers.
pub(crate) fn reads<'a>(statements: &'a Statements, needs: &'a Needs) -> Vec<Step<'a>> {
    let mut steps = vec![Step::new(&statements.take_turn)];
    let (name, count) = (needs.name.as_ref(), needs.token_count_of.as_ref());
    if let Some((account, token)) = one_of_each(needs) {
        let name = name.map(|(_, name)| name.as_str());
        let asked = |statement| Step::new(statement).with(account.as_str()).with(token.as_str()).with(name);
        steps.push(match count {
            None => asked(&statements.account_token_and_name),
            Some((_, most)) => asked(&statements.account_token_name_and_count).with(limit(*most)),
        });
    } else {
        let accounts: Vec<_> = needs.accounts.iter().map(|id| id.as_str()).collect();
        let tokens: Vec<_> = needs.tokens.iter().map(|id| id.as_str()).collect();
        steps.push(Step::new(&statements.accounts_by_id).with(accounts));
        steps.push(Step::new(&statements.tokens_by_id).with(tokens));
        steps.extend(name.map(|(id, name)| Step::new(&statements.name_holder).with(id.as_str()).with(name.as_str())));
        steps.extend(count.map(|(id, most)| Step::new(&statements.token_count).with(id.as_str()).with(limit(*most))));
    }
    steps.extend(needs.secrets_of.as_ref().map(|id| Step::new(&statements.secrets_of).with(id.as_str())));
    let credentials = needs.credentials_of.as_ref();
    steps.extend(
        credentials.map(|(id, most)| Step::new(&statements.credentials_of).with(id.as_str()).with(limit(*most))),
    );
    let sessions = needs.sessions_of.as_ref();
    steps.extend(sessions.map(|(id, most)| Step::new(&statements.sessions_of).with(id.as_str()).with(limit(*most))));
    steps.extend(needs.newest_of.as_ref().map(|id| Step::new(&statements.newest_of).with(id.as_str())));
    let documents = needs.documents.iter();
    steps.extend(documents.map(|(kind, id)| Step::new(&statements.document).with(kind.as_str()).with(id.as_str())));
    steps
}

/// Nearly every change is about one account, one token of it, a name and how many there are: one statement reads them faster
/// than four.
fn one_of_each(needs: &Needs) -> Option<(&AccountId, &TokenId)> {
    let ([account], [token]) = (needs.accounts.as_slice(), needs.tokens.as_slice()) else { return None };
    let is_of_account = needs.name.as_ref().is_none_or(|(of, _)| of == account);
    let is_counted = needs.token_count_of.as_ref().is_none_or(|(of, _)| of == account);
    (is_of_account && is_counted).then_some((account, token))
}

pub(crate) fn read_back(
    decoded: &Decoded,
    needs: &Needs,
    answers: Vec<Vec<Row>>,
) -> Result<(Sequence, Records), PostgresError> {
    // The first answer is that of BEGIN.
    let mut answers = answers.into_iter().skip(1);
    let mut next = |is_asked: bool| if is_asked { answers.next().unwrap_or_default() } else { Vec::new() };
    let turn = next(true);
    let turn = turn.first().ok_or(PostgresError::corrupt("turn"))?;
    let mut records = Records::default();
    if one_of_each(needs).is_some() {
        let found = next(true);
        let row = found.first().ok_or(PostgresError::corrupt("account"))?;
        read_one_of_each(row, (decoded, needs), &mut records)?;
    } else {
        records.accounts = next(true).iter().map(|row| decoded.account(row, 0)).collect::<Result<_, _>>()?;
        records.tokens = next(true).iter().map(|row| rows::token(row, 0)).collect::<Result<_, _>>()?;
        let holder = next(needs.name.is_some());
        records.name_holder = holder.first().map(|row| rows::token_id(row, 0)).transpose()?;
        let counted = next(needs.token_count_of.is_some());
        records.token_count = counted.first().map_or(Ok(0), |row| rows::count(row, 0))?;
    }
    for row in next(needs.secrets_of.is_some()) {
        records.tokens.push(rows::token(&row, 0)?);
    }
    let ids = |rows: Vec<Row>| rows.iter().map(|row| rows::token_id(row, 0)).collect::<Result<_, _>>();
    records.credentials = ids(next(needs.credentials_of.is_some()))?;
    records.sessions = ids(next(needs.sessions_of.is_some()))?;
    let newest = next(needs.newest_of.is_some());
    records.newest = newest.first().map(|row| rows::revision(row, 0)).transpose()?;
    for (kind, _) in &needs.documents {
        let found = next(true);
        let found = found.iter().map(|row| crate::documents::read(*kind, row));
        records.documents.extend(found.collect::<Result<Vec<_>, _>>()?);
    }
    Ok((rows::sequence(turn, 0, "turn")?, records))
}

/// One row, where the columns of what does not exist are null.
fn read_one_of_each(row: &Row, reads: (&Decoded, &Needs), records: &mut Records) -> Result<(), PostgresError> {
    let (decoded, needs) = reads;
    if column::<Option<&str>>(row, 0, "account")?.is_some() {
        records.accounts.push(decoded.account(row, 0)?);
    }
    if column::<Option<&str>>(row, 3, "token")?.is_some() {
        records.tokens.push(rows::token(row, 3)?);
    }
    if column::<Option<&str>>(row, 6, "token")?.is_some() {
        records.name_holder = Some(rows::token_id(row, 6)?);
    }
    if needs.token_count_of.is_some() {
        records.token_count = rows::count(row, 7)?;
    }
    Ok(())
}
