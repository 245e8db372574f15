//! What naming costs: once a creation, except parsing an id, which is once a request.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use service_accounts_naming::{
    AccountId, AccountIdRef, Advisor, DisplayName, LocalPart, Realm, ReservedIds, TokenName,
};

const PLAIN: &str = "Pipeline Automation";
const UNICODE: &str = "データ品質パイプライン自動化 東京リージョン 本番環境 Проверка качества данных ETL — Ω 7号機";
const ID: &str = "pipeline_automation@service";

fn sanitise(c: &mut Criterion) {
    let mut group = c.benchmark_group("sanitise");
    group.bench_function("plain", |b| b.iter(|| LocalPart::from_name(black_box(PLAIN))));
    group.bench_function("64 Unicode characters", |b| b.iter(|| LocalPart::from_name(black_box(UNICODE))));
    group.finish();
}

fn identify(c: &mut Criterion) {
    let (Ok(name), Ok(id)) = (DisplayName::parse(PLAIN), AccountId::parse(ID)) else { return };
    let (realm, reserved) = (Realm::default(), ReservedIds::default());
    let mut group = c.benchmark_group("id");
    group.bench_function("from a name", |b| b.iter(|| AccountId::from_name(black_box(&name), &realm)));
    group.bench_function("parse", |b| b.iter(|| AccountId::parse(black_box(ID))));
    group.bench_function("parse, borrowed", |b| b.iter(|| AccountIdRef::parse(black_box(ID)).is_ok()));
    group.bench_function("numbered", |b| b.iter(|| black_box(&id).numbered(2)));
    group.bench_function("reserved?", |b| b.iter(|| reserved.contains(black_box(&id))));
    group.finish();
}

fn advise(c: &mut Criterion) {
    let (Ok(good), Ok(poor)) = (DisplayName::parse(PLAIN), DisplayName::parse("test123")) else { return };
    let Ok(token) = TokenName::parse("production-integration-2025") else { return };
    let advisor = Advisor::default();
    let mut group = c.benchmark_group("advice");
    group.bench_function("good name", |b| b.iter(|| advisor.account(black_box(&good))));
    group.bench_function("poor name", |b| b.iter(|| advisor.account(black_box(&poor))));
    group.bench_function("successor of a token", |b| b.iter(|| black_box(&token).successor(2025)));
    group.finish();
}

criterion_group!(naming, sanitise, identify, advise);
criterion_main!(naming);
