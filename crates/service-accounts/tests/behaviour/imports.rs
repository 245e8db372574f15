//! Accounts from a file: looked at first, all or none, each credential tried.

use std::time::Instant;

use service_accounts::{
    Actor, ApprovalRule, Error, ImportError, ImportFile, ImportOptions, ImportPreview, Imported, Narrowing, Rejection,
    Tried,
    access::{Grants, Teams, presets::data_quality},
    audit::{Action, Query},
    lifecycle::Environment,
    naming::{AccountId, TokenName},
    store::{AccountFilter, Store},
};

use crate::support::{Fault, Permission, When, World, ada, durable, keyring, on_every_store, wait, with_role};

const FILE: &str = "user,display_name,email,title,role,password\n\
    loader@example.com,Nightly Loader,ops@example.com,Loads the warehouse,Editor,\n\
    catalogue_sync,,,,Manager,\n\
    reader,Reader,,,,\n";

fn file(csv: &str) -> ImportFile<'_> {
    let first_token = Some(TokenName::parse("first").unwrap());
    ImportFile {
        csv: csv.as_bytes(),
        options: ImportOptions { first_token, ..ImportOptions::new(Environment::production()) },
    }
}

fn preview_by(world: &World, actor: &Actor<Permission>, csv: &str) -> Result<ImportPreview, ImportError> {
    wait(world.accounts.acting(actor).preview_import(&file(csv)))
}

fn preview(world: &World, csv: &str) -> ImportPreview {
    preview_by(world, &ada(), csv).unwrap()
}

fn confirm(world: &World, csv: &str, digest: &str) -> Result<Imported, ImportError> {
    wait(world.accounts.acting(&ada()).confirm_import(&file(csv), digest))
}

fn import(world: &World, csv: &str) -> Imported {
    confirm(world, csv, &preview(world, csv).digest).unwrap()
}

fn ids(world: &World) -> Vec<String> {
    let every = AccountFilter::of(AccountId::parse("a@service").unwrap().borrowed().realm().parse().unwrap());
    let page = wait(world.store.accounts(&every, None, 200)).unwrap();
    page.items.iter().map(|account| account.id.local().to_owned()).collect()
}

fn problems(preview: &ImportPreview) -> Vec<(u64, String)> {
    let of_row = |row: &service_accounts::ImportRow| {
        (row.line, row.problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    };
    preview.rows.iter().map(of_row).filter(|(_, problems)| !problems.is_empty()).collect()
}

#[test]
fn every_account_of_a_file_comes_with_credentials_that_were_tried() {
    on_every_store(|world| {
        let preview = preview(world, FILE);
        assert!(
            preview.is_clean()
                && preview.to_string().ends_with("all 3 accounts can be created; nothing is written yet")
        );
        let imported = confirm(world, FILE, &preview.digest).unwrap();
        assert_eq!(ids(world), ["catalogue_sync", "loader", "reader"]);
        for account in &imported.accounts {
            assert_eq!(account.tried, Tried::Works);
            let token = account.first_token.as_ref().unwrap();
            assert_eq!(world.verdict(token.expose()), Ok(()));
            let secret = account.client_secret.expose();
            assert!(
                wait(world.accounts.open_session(account.id.as_str(), secret, &Narrowing::default(), None)).is_ok()
            );
        }
        let loader = wait(world.store.account(&imported.accounts[0].id)).unwrap().unwrap();
        assert_eq!(loader.email.as_ref().unwrap().as_str(), "ops@example.com");
        assert_eq!(
            (loader.title.as_ref().unwrap().as_str(), loader.purpose.as_str()),
            ("Loads the warehouse", "Loads the warehouse")
        );
        assert_eq!((loader.grant.role().as_str(), loader.owner.as_str()), ("Editor", "ada"));
        assert_eq!(loader.justification.as_ref().unwrap().as_str(), "imported by ada");
        let text = imported.to_csv();
        assert_eq!(text.lines().count(), 4);
        assert!(imported.accounts.iter().all(|account| text.contains(account.client_secret.expose())));
    });
}

#[test]
fn the_trail_tells_of_the_import_and_of_each_account() {
    on_every_store(|world| {
        import(world, FILE);
        let trail = wait(world.accounts.acting(&ada()).audit(&Query::default())).unwrap();
        let told: Vec<_> = trail.events.iter().rev().map(|recorded| recorded.event.action()).collect();
        let created = [Action::AccountCreated; 3];
        assert_eq!(told, [&[Action::ImportConfirmed], created.as_slice()].concat());
        let of_reader = Query::default().for_account(service_accounts::audit::Label::new("reader@service"));
        assert_eq!(wait(world.accounts.acting(&ada()).audit(&of_reader)).unwrap().events.len(), 1);
    });
}

#[test]
fn a_preview_writes_nothing() {
    let (home, store) = durable();
    let world = World::on(store, keyring(), |builder| builder);
    world.create("Pipeline Automation");
    // The index of the log is shared memory: readers mark in it what they read.
    let files = || {
        let mut files = home.files();
        files.retain(|path, _| path.extension().is_none_or(|extension| extension != "db-shm"));
        files
    };
    let before = files();
    assert!(preview(&world, FILE).is_clean());
    assert_eq!(preview(&world, &FILE.replace("Editor", "Emperor")).refused(), 1);
    assert!(files() == before, "a byte of the database changed");
    import(&world, FILE);
    assert!(files() != before, "the comparison sees a change");
}

#[test]
fn a_second_confirmation_is_a_conflict() {
    on_every_store(|world| {
        let digest = preview(world, FILE).digest;
        confirm(world, FILE, &digest).unwrap();
        assert!(matches!(confirm(world, FILE, &digest), Err(ImportError::Stale)));
    });
}

#[test]
fn only_what_was_previewed_is_confirmed() {
    let world = World::new();
    let digest = preview(&world, FILE).digest;
    assert!(matches!(confirm(&world, &FILE.replace("reader", "writer"), &digest), Err(ImportError::Stale)));
    assert!(matches!(confirm(&world, FILE, &digest.to_uppercase()), Err(ImportError::Stale)));
    assert!(matches!(confirm(&world, FILE, ""), Err(ImportError::Stale)));
    let bob = Actor::host("bob");
    assert!(matches!(wait(world.accounts.acting(&bob).confirm_import(&file(FILE), &digest)), Err(ImportError::Stale)));
    let other = ImportFile { options: ImportOptions::new(Environment::testing()), ..file(FILE) };
    assert!(matches!(wait(world.accounts.acting(&ada()).confirm_import(&other, &digest)), Err(ImportError::Stale)));
    assert!(ids(&world).is_empty());
    world.create("Reader");
    assert!(matches!(confirm(&world, FILE, &digest), Err(ImportError::Stale)), "an id was taken meanwhile");
    assert_eq!(ids(&world), ["reader"]);
}

/// The store is asked for the ids before the step, and the step itself asks again.
#[test]
fn an_id_that_is_taken_under_the_confirmation_refuses_the_whole_file() {
    let world = World::new();
    let digest = preview(&world, FILE).digest;
    let accounts = world.accounts.clone();
    world.store.interrupt(crate::support::Call::Commit, move || {
        wait(accounts.acting(&ada()).create(crate::support::wanted("Reader"))).unwrap();
    });
    assert!(matches!(confirm(&world, FILE, &digest), Err(ImportError::Stale)));
    assert_eq!(ids(&world), ["reader"]);
}

#[test]
fn one_row_that_cannot_be_imported_stops_the_file_and_each_says_why() {
    let world = World::new();
    world.create("Taken");
    let csv = "user,display_name,email,title,role,password\n\
        good,Good,,,,\n\
        secretive,Secretive,,,,hunter2\n\
        wrong,Wrong,,,editor,\n\
        taken,Somebody,,,,\n\
        root,Root,,,,\n\
        good@example.com,Another,,,,\n\
        =cmd(),Formula,,,,\n\
        \u{202e}hidden,Hidden,,,,\n\
        wide,Wide,a,b,Member,,\n\
        ,Nobody,,,,\n";
    let preview = preview(&world, csv);
    let expected = [
        (3, "`password` must be empty"),
        (4, "the grant was refused: "),
        (5, "another account has this id"),
        (6, "the id is reserved"),
        (7, "line 2 leads to the same id"),
        (8, "`user` must begin with a letter"),
        (9, "`user` must begin with a letter"),
        (10, "the row has 7 cells"),
        (11, "`user` must begin with a letter"),
    ];
    let found = problems(&preview);
    assert_eq!(found.len(), expected.len(), "{found:?}");
    assert!(
        found.iter().zip(expected).all(|((at, text), (line, start))| *at == line && text.starts_with(start)),
        "{found:?}"
    );
    assert!(!preview.to_string().contains("hunter2"));
    let Err(ImportError::Refused(again)) = confirm(&world, csv, &preview.digest) else { panic!("it was imported") };
    assert_eq!(problems(&again), found);
    assert_eq!(ids(&world), ["taken"]);
}

/// What a spreadsheet or an attacker puts into a cell: no row is hidden in another, and no line of the preview is made up.
#[test]
fn no_cell_hides_a_row_or_makes_up_a_line_of_the_preview() {
    let world = World::new();
    for row in [
        "\"load\ner\",Loader,,,,",
        "\"a` becomes a@service\nline 3: `root\",Loader,,,,",
        "load\u{0}er,Loader,,,,",
        "load\u{200b}er,Loader,,,,",
        "loader,\"Load\ner\",,,,",
        "loader,Load\u{0}er,,,,",
        "loader,Loader,,\"a\r\nb\",,",
        // Two quotes in all, though the second opens a cell that never ends.
        "load\"er,\"Loader,,,,\nreader,Reader,,,,",
        "loader,\"Loader\"\"\",,,,\nreader,\"Reader,,,,",
    ] {
        let csv = format!("user,display_name,email,title,role,password\n{row}\n");
        match preview_by(&world, &ada(), &csv) {
            Ok(preview) => {
                assert!(!preview.is_clean(), "{row:?}: {preview}");
                assert!(matches!(confirm(&world, &csv, &preview.digest), Err(ImportError::Refused(_))), "{row:?}");
            }
            Err(ImportError::File(_)) => {}
            Err(error) => panic!("{row:?}: {error}"),
        }
    }
    let long = format!("user,display_name\n{},x\n", "a".repeat(200_000));
    let refused = preview(&world, &long);
    assert_eq!(problems(&refused)[0].1, "`user` must begin with a letter or a digit and have at most 150 characters");
    assert!(ids(&world).is_empty());
}

/// A bulk path is where nobody looks: each row takes what its creation would take.
#[test]
fn nobody_imports_more_than_they_hold() {
    let world = World::new();
    let member = with_role("bob", "Member");
    assert!(matches!(preview_by(&world, &member, FILE), Err(ImportError::Call(Error::NotPermitted))));
    let permissions = data_quality::catalogue().role(&"Member".parse().unwrap()).unwrap();
    let creator =
        Actor::host_with("carol", Grants::new(permissions.with(Permission::ServiceAccountsManage), Teams::none()));
    let found = problems(&preview_by(&world, &creator, FILE).unwrap());
    assert_eq!(found.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 3], "{found:?}");
    let of_team =
        ImportOptions { teams: Teams::only(["finance"]).unwrap(), ..ImportOptions::new(Environment::production()) };
    let foreign = ImportFile { csv: b"user\nreader\n", options: of_team };
    assert_eq!(wait(world.accounts.acting(&creator).preview_import(&foreign)).unwrap().refused(), 1);
}

#[test]
fn imported_accounts_wait_for_approval_like_others() {
    let world = World::built(|builder| builder.approval(ApprovalRule::SecondAdministrator));
    let imported = import(&world, FILE);
    assert!(imported.accounts.iter().all(|account| account.tried == Tried::Refused(Rejection::AccountPending)));
    let account = &imported.accounts[0];
    world.approve(&Actor::host("bob"), &account.id).unwrap();
    assert_eq!(world.verdict(account.first_token.as_ref().unwrap().expose()), Ok(()));
}

/// Whichever call of the store fails, there is the whole file or nothing of it.
#[test]
fn a_failure_leaves_no_half_of_a_file() {
    for call in 1..20 {
        let world = World::new();
        let digest = preview(&world, FILE).digest;
        let answer = world.store.failing(When::At(call), Fault::Refused, || confirm(&world, FILE, &digest));
        match answer {
            Ok(imported) => {
                assert_eq!(ids(&world).len(), 3);
                let untried = imported.accounts.iter().filter(|account| account.tried == Tried::Unknown).count();
                if untried == 0 {
                    return;
                }
                assert!(
                    imported
                        .accounts
                        .iter()
                        .all(|account| world.verdict(account.first_token.as_ref().unwrap().expose()).is_ok())
                );
            }
            Err(error) => {
                assert!(matches!(error, ImportError::Call(Error::Unavailable(_))) && ids(&world).is_empty(), "{error}")
            }
        }
    }
    panic!("the import never got through");
}

#[test]
fn fifty_rows_are_imported_within_a_second() {
    let (_home, store) = durable();
    let world = World::on(store, keyring(), |builder| builder);
    let rows: String = (0..50).map(|number| format!("loader_{number},Loader {number},,,Editor,\n")).collect();
    let csv = format!("user,display_name,email,title,role,password\n{rows}");
    let begun = Instant::now();
    let imported = import(&world, &csv);
    let taken = begun.elapsed();
    println!("50 rows previewed, confirmed and tried: {taken:?}");
    assert_eq!(imported.accounts.len(), 50);
    assert!(imported.accounts.iter().all(|account| account.tried == Tried::Works));
    // A debug build that shares its machine with all other tests; the promise is about a release build on its own.
    let bound = if cfg!(debug_assertions) { 10.0 } else { 1.0 };
    assert!(taken.as_secs_f64() < bound || env!("CARGO_CRATE_NAME").ends_with("on_postgres"), "{taken:?}");
}
