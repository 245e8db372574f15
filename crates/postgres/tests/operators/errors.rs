//! What each class of errors becomes, and that its text says what to do.

use service_accounts_postgres::PostgresError;
use service_accounts_store::Store;

use crate::load::{Node, Server, event, wait};

const TABLE: &[(&str, &str, &str)] = &[
    ("08006", "OutcomeUnknown", "read again"),
    ("08007", "OutcomeUnknown", "read again"),
    ("0A000", "Altered", "undo what was altered"),
    ("22012", "ReadOnly", "connect to the primary"),
    ("22P05", "Encoding", "ENCODING 'UTF8'"),
    ("22021", "Encoding", "ENCODING 'UTF8'"),
    ("23505", "Database", "see the log"),
    ("25006", "ReadOnly", "connect to the primary"),
    ("26000", "Pooled", "set `Prepared::EachTime`"),
    ("28000", "LoginRefused", "check the user"),
    ("28P01", "LoginRefused", "check the user"),
    ("3D000", "NoDatabase", "create it"),
    ("3F000", "Altered", "undo what was altered"),
    ("40001", "Contended", "try again"),
    ("40003", "OutcomeUnknown", "read again"),
    ("40P01", "Contended", "try again"),
    ("42501", "NotGranted", "grant it"),
    ("42703", "Altered", "undo what was altered"),
    ("42P01", "Altered", "undo what was altered"),
    ("42P05", "Pooled", "set `Prepared::EachTime`"),
    ("53100", "DiskFull", "free some space"),
    ("53200", "Unavailable", "try again later"),
    ("53300", "TooManyConnections", "raise its limit"),
    ("55P03", "Contended", "try again"),
    ("57014", "TooSlow", "try again later"),
    ("57P01", "Unavailable", "try again later"),
    ("58030", "Damaged", "restore the database"),
    ("XX000", "Database", "see the log"),
    ("XX001", "Damaged", "restore the database"),
];

#[test]
fn each_class_of_errors_says_what_to_do() {
    let Some(server) = Server::shared() else { return };
    let node = Node::start(server);
    let name = &node.name;
    server.sql(&format!(
        "CREATE FUNCTION {name}.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             RAISE 'a row of a secret' USING ERRCODE = (SELECT code FROM {name}.fails); END $$;
         CREATE TABLE {name}.fails (code TEXT);
         CREATE TRIGGER fail BEFORE INSERT ON {name}.event EXECUTE FUNCTION {name}.fail()"
    ));
    for (code, variant, advice) in TABLE {
        server.sql(&format!("TRUNCATE {name}.fails; INSERT INTO {name}.fails VALUES ('{code}')"));
        let error = wait(node.store().append(&[event("x")])).unwrap_err();
        let text = error.to_string();
        assert!(format!("{error:?}").starts_with(variant), "{code}: {error:?}");
        assert!(text.contains(advice), "{code}: {text}");
        assert!(!text.contains("secret") && !text.ends_with('.'), "{code}: {text}");
    }
}

/// The README's table has each text that an operator may see, with what to do.
#[test]
fn the_readme_tells_of_each_error() {
    let readme = include_str!("../../README.md");
    let cause = || "".into();
    for error in [
        PostgresError::Unavailable(cause()),
        PostgresError::TooSlow,
        PostgresError::Contended(cause()),
        PostgresError::OutcomeUnknown(cause()),
        PostgresError::NotReplicated,
        PostgresError::Superseded,
        PostgresError::ReadOnly(cause()),
        PostgresError::TooManyConnections(cause()),
        PostgresError::DiskFull(cause()),
        PostgresError::NotGranted(cause()),
        PostgresError::LoginRefused(cause()),
        PostgresError::NoDatabase(cause()),
        PostgresError::NoTls(cause()),
        PostgresError::Encoding(cause()),
        PostgresError::Altered(cause()),
        PostgresError::Pooled(cause()),
        PostgresError::Damaged(cause()),
        PostgresError::Database(cause()),
        PostgresError::TooNew { found: 9, known: 2 },
        PostgresError::Corrupt { table: "token" },
        PostgresError::NotDurable,
        PostgresError::CacheBehindPooler,
        PostgresError::Url,
        PostgresError::SchemaName,
        PostgresError::NoRuntime,
    ] {
        let (text, shown) = (error.to_string().replace("`token`", "…"), format!("{error:?}"));
        let says = text.split(';').next().unwrap();
        // The numbers of a schema differ.
        let says = says.split(" 9").next().unwrap();
        let variant = shown.split(['(', ' ']).next().unwrap();
        assert!(readme.contains(&format!("| {says} | `{variant}` | ")), "{says}, {variant}");
    }
}
