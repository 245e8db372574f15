//! The table of `SECURITY.md`: what it says is what the facade's own table says.

use std::{fs, path::Path};

use service_accounts::{Call, Covers, Duty, OnItself, Rule};

/// One row as it stands in the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) call: String,
    pub(crate) right: String,
    pub(crate) covers: String,
    pub(crate) on_itself: String,
}

/// Where the table begins.
const HEAD: &str = "| Call | Right | Of the account the actor must hold | On its own account |";

/// The rows of the document.
pub(crate) fn rows() -> Vec<Row> {
    let document = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../SECURITY.md")).unwrap();
    let lines = document.lines().skip_while(|line| *line != HEAD).skip(2).take_while(|line| line.starts_with('|'));
    let rows: Vec<_> = lines.map(row).collect();
    assert!(!rows.is_empty(), "SECURITY.md has the table of calls");
    rows
}

fn row(line: &str) -> Row {
    let cells: Vec<_> = line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    let [call, right, covers, on_itself] = cells.try_into().unwrap();
    Row { call: call.trim_matches('`').into(), right, covers, on_itself }
}

fn written(call: Call) -> Row {
    let Rule { duty, covers, on_itself } = call.rule();
    let right = match duty {
        Duty::Create => "create",
        Duty::Manage => "manage",
        Duty::ManageOrReview => "manage or review",
        Duty::Review => "review",
        Duty::ReadTrail => "read the trail",
    };
    let covers = match covers {
        Covers::Rights => "teams and the whole role",
        Covers::Teams => "teams",
        Covers::Nothing => "nothing",
        Covers::Everything => "everything on every team",
    };
    let on_itself = match on_itself {
        OnItself::Refused => "refused",
        OnItself::Allowed => "allowed",
    };
    Row { call: call.name().into(), right: right.into(), covers: covers.into(), on_itself: on_itself.into() }
}

#[test]
fn the_document_says_what_every_call_takes() {
    let wanted: Vec<_> = Call::ALL.iter().map(|call| written(*call)).collect();
    let table = |rows: &[Row]| {
        let lines = rows
            .iter()
            .map(|Row { call, right, covers, on_itself }| format!("| `{call}` | {right} | {covers} | {on_itself} |\n"));
        lines.collect::<String>()
    };
    assert_eq!(table(&rows()), table(&wanted), "write this into SECURITY.md:\n{}", table(&wanted));
}
