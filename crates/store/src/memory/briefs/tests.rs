//! Readers beside one writer, and pages that come and go.

use time::UtcDateTime;

use super::*;

fn id(number: usize) -> TokenId {
    TokenId::parse(&format!("{number:016}")).unwrap()
}

fn tag(number: usize) -> Tag {
    Tag::from_words([u64::try_from(number).unwrap(); 4])
}

fn keep(briefs: &Briefs, number: usize) {
    let what = u64::try_from(number).unwrap();
    briefs.keep(&id(number), tag(number), &Clearance { by: 1, what, until: UtcDateTime::MAX });
}

fn is_known(briefs: &Briefs, number: usize) -> bool {
    let told = briefs.find(&id(number)).and_then(Brief::read);
    told.is_some_and(|told| told.tag == tag(number) && told.by == 1)
}

#[test]
fn what_is_kept_again_is_found_once_groups_have_grown() {
    let briefs = Briefs::new();
    for number in 0..6_000 {
        keep(&briefs, number);
        assert!(is_known(&briefs, number), "{number}");
    }
    // Groups that grew were emptied, and grow again until all have room.
    (0..4).for_each(|_| (0..6_000).for_each(|number| keep(&briefs, number)));
    assert_eq!((0..6_000).filter(|number| !is_known(&briefs, *number)).count(), 0);
    assert!((6_000..9_000).all(|number| !is_known(&briefs, number)));
}

#[test]
fn what_is_forgotten_is_never_found_again_whatever_comes_after_it() {
    let briefs = Briefs::new();
    (0..600).for_each(|number| keep(&briefs, number));
    (0..600).step_by(2).for_each(|number| briefs.forget(&id(number)));
    assert!((0..600).all(|number| is_known(&briefs, number) == (number % 2 == 1)));
    for round in 0..8 {
        (0..300).for_each(|number| keep(&briefs, 1_000 + round * 300 + number));
        assert!((0..600).step_by(2).all(|number| !is_known(&briefs, number)));
    }
}

/// Groups grow and pages are emptied while others look: nobody is told of what was forgotten before, or of another.
#[test]
fn readers_meet_nothing_forgotten_and_nobody_else_while_groups_grow() {
    const ALIVE: usize = 3_000;
    let (briefs, forgotten) = (Briefs::new(), AtomicUsize::new(0));
    let look = || {
        let mut told = 0;
        loop {
            let below = forgotten.load(Ordering::Acquire);
            for number in (below.saturating_sub(64)..below + 64).chain([below + ALIVE - 1]) {
                let Some(found) = briefs.find(&id(number)).and_then(Brief::read) else { continue };
                // Where the tag is another's, the request goes to the record.
                if found.tag == tag(number) {
                    assert!(number >= below && usize::try_from(found.what) == Ok(number), "{number} {below}");
                    told += 1;
                }
            }
            if below >= 2 * ALIVE {
                return told;
            }
        }
    };
    std::thread::scope(|scope| {
        let readers = [scope.spawn(look), scope.spawn(look)];
        for number in 0..3 * ALIVE {
            keep(&briefs, number);
            if let Some(old) = number.checked_sub(ALIVE) {
                briefs.forget(&id(old));
                forgotten.store(old + 1, Ordering::Release);
            }
        }
        let told: usize = readers.into_iter().map(|reader| reader.join().unwrap()).sum();
        assert!(told > 0, "or nothing is tried");
    });
    assert!(briefs.writer().len() > 4, "groups have grown");
}

#[test]
fn pages_of_what_comes_and_goes_do_not_multiply() {
    let briefs = Briefs::new();
    for number in 0..5_000 {
        keep(&briefs, number);
        briefs.forget(&id(number));
    }
    assert!(briefs.writer().len() <= 2, "{}", briefs.writer().len());
}
