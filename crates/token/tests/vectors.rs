//! Frozen tokens: whoever holds one of these, and whoever stores its record, must be understood by every release.
//!
//! The tags and checksums were computed a second time by Python's `hmac`, `hashlib` and `zlib`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use service_accounts_token::{Digest, Keyring, Kind, Pepper, PepperId, Vendor, Verified};

struct Vector {
    vendor: &'static str,
    kind: Kind,
    pepper_id: &'static str,
    pepper: &'static str,
    text: &'static str,
    record: &'static str,
    hint: &'static str,
}

const VECTORS: [Vector; 3] = [
    Vector {
        vendor: "acme",
        kind: Kind::Token,
        pepper_id: "k1",
        pepper: "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        text: "acme_sat_lNfCEDPDHJukf5GuVQSAGMHNkf4WwotgzcGeyXGI1tuvcNouDlziwr0oojEK",
        record: "1.k1.aa668cf860b9a39b97e346ab6acb222950fbc58d944351518b69c32b4d9ecdc7",
        hint: "acme_sat_lNfC…ojEK",
    },
    Vector {
        vendor: "ab",
        kind: Kind::Session,
        pepper_id: "k2",
        pepper: "00020406080a0c0e10121416181a1c1e20222426282a2c2e30323436383a3c3e",
        text: "ab_ses_kLdR6dkAoBoPdaQipDgHYPvYj81O4LiLLkvLTA79P4gSt6meoAol7b4Q72uN",
        record: "1.k2.a3a8731b538cc8922bd0efa4e9baf5f6e034ba500f20b72cacf048b0f6570a16",
        hint: "ab_ses_kLdR…72uN",
    },
    Vector {
        vendor: "abcdefghijklmnop",
        kind: Kind::Secret,
        pepper_id: "2026q4ab",
        pepper: "000306090c0f1215181b1e2124272a2d303336393c3f4245484b4e5154575a5d",
        text: "abcdefghijklmnop_sec_8KgomoKcnxrbvpTeYp3b8OOPTgaiDz0TwSzoDUcbObhWjUMDvoEzth0wZEsr",
        record: "1.2026q4ab.27d112aec0e37fbe633688d0f1082ba0b36a3daa85e0ac400dec4903f9ccfba1",
        hint: "abcdefghijklmnop_sec_8Kgo…ZEsr",
    },
];

impl Vector {
    fn vendor(&self) -> Vendor {
        Vendor::parse(self.vendor).unwrap()
    }

    fn keyring(&self) -> Keyring {
        Keyring::new(PepperId::parse(self.pepper_id).unwrap(), Pepper::from_hex(self.pepper).unwrap())
    }
}

#[test]
fn every_frozen_token_verifies_against_its_frozen_record() {
    for vector in &VECTORS {
        let vendor = vector.vendor();
        let presented = vendor.read(vector.text).unwrap();
        assert_eq!(presented.kind(), vector.kind);
        assert_eq!(presented.hint().as_str(), vector.hint);
        assert!(vector.text.contains(presented.id().as_str()));
        let record = Digest::parse(vector.record).unwrap();
        assert_eq!(vector.keyring().verify(&presented, Some(&record)), Ok(Verified::Current));
        assert_eq!(record.pepper().as_str(), vector.pepper_id);
    }
}

#[test]
fn no_frozen_token_verifies_against_the_record_of_another() {
    for vector in &VECTORS {
        for other in VECTORS.iter().filter(|other| other.text != vector.text) {
            let vendor = vector.vendor();
            let presented = vendor.read(vector.text).unwrap();
            let record = Digest::parse(other.record).unwrap();
            assert!(vector.keyring().verify(&presented, Some(&record)).is_err());
            assert!(other.keyring().verify(&presented, Some(&record)).is_err());
            assert!(other.vendor().read(vector.text).is_err());
        }
    }
}

#[test]
fn a_frozen_record_reads_alike_as_text_and_as_bytes() {
    for vector in &VECTORS {
        let record = Digest::parse(vector.record).unwrap();
        let bytes = record.to_bytes();
        assert_eq!(bytes[0], 1, "the scheme");
        assert!(bytes[1..9].starts_with(vector.pepper_id.as_bytes()));
        let tag: String = bytes[9..].iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(vector.record.ends_with(&tag));
        assert_eq!(Digest::from_bytes(&bytes), Ok(record));
    }
}
