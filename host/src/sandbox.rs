//! A sandbox: one tenant's component, memory, grants and limits.

use crate::bindings::exports::usher::atlassian::{accounts, diagnosis, groups, rollouts};
use crate::egress::Egress;
use crate::engine::{Engine, Function};
use crate::grants::{Grants, Limits};
use crate::{
    Account, Applied, ApplyOptions, Connection, CreatedGroup, Failure, Group, Invitation, Invited, Membership, Outcome,
    Person, PlanOptions, Report, Rollout, Step,
};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use wasmtime::component::{Instance, InstancePre, ResourceTable, Val};
use wasmtime::{Store, StoreLimits, StoreLimitsBuilder};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};
use wasmtime_wasi_io::IoView;

/// What a call gives: the component's result, unless the component had to be stopped.
pub type Answer<T> = Result<Result<T, Failure>, Stopped>;

/// One tenant's component. Nothing is shared with another sandbox but the code and the
/// connection pool.
///
/// A sandbox is used again for call after call; after a call that had to be stopped, the next one
/// gets a fresh instance.
pub struct Sandbox {
    engine: Engine,
    grants: Arc<Grants>,
    sent: Arc<AtomicU32>,
    live: Option<Live>,
}

/// An instance and what it lives in.
struct Live {
    store: Store<State>,
    instance: Instance,
    interfaces: Arc<Interfaces>,
    accounts: Option<accounts::Guest>,
    groups: Option<groups::Guest>,
    rollouts: Option<rollouts::Guest>,
    diagnosis: Option<diagnosis::Guest>,
}

/// Where the component's functions are. Those of an interface are checked in an instance when one of
/// them is called first there: for all of them it takes half as long as to instantiate the component.
pub(crate) struct Interfaces {
    accounts: accounts::GuestIndices,
    groups: groups::GuestIndices,
    rollouts: rollouts::GuestIndices,
    diagnosis: diagnosis::GuestIndices,
}

impl Interfaces {
    /// # Errors
    ///
    /// Fails if the component lacks a function of the contract, or has it with other types.
    pub(crate) fn new(plugin: &InstancePre<State>) -> wasmtime::Result<Interfaces> {
        Ok(Interfaces {
            accounts: accounts::GuestIndices::new(plugin)?,
            groups: groups::GuestIndices::new(plugin)?,
            rollouts: rollouts::GuestIndices::new(plugin)?,
            diagnosis: diagnosis::GuestIndices::new(plugin)?,
        })
    }
}

impl Live {
    fn accounts(&mut self) -> wasmtime::Result<(&accounts::Guest, &mut Store<State>)> {
        let there = self.accounts.take();
        let guest = there.map_or_else(|| self.interfaces.accounts.load(&mut self.store, &self.instance), Ok)?;
        Ok((self.accounts.insert(guest), &mut self.store))
    }

    fn groups(&mut self) -> wasmtime::Result<(&groups::Guest, &mut Store<State>)> {
        let there = self.groups.take();
        let guest = there.map_or_else(|| self.interfaces.groups.load(&mut self.store, &self.instance), Ok)?;
        Ok((self.groups.insert(guest), &mut self.store))
    }

    fn rollouts(&mut self) -> wasmtime::Result<(&rollouts::Guest, &mut Store<State>)> {
        let there = self.rollouts.take();
        let guest = there.map_or_else(|| self.interfaces.rollouts.load(&mut self.store, &self.instance), Ok)?;
        Ok((self.rollouts.insert(guest), &mut self.store))
    }

    fn diagnosis(&mut self) -> wasmtime::Result<(&diagnosis::Guest, &mut Store<State>)> {
        let there = self.diagnosis.take();
        let guest = there.map_or_else(|| self.interfaces.diagnosis.load(&mut self.store, &self.instance), Ok)?;
        Ok((self.diagnosis.insert(guest), &mut self.store))
    }
}

/// Why a call gave no result: a limit, or a fault in the component.
#[derive(Debug)]
pub enum Stopped {
    /// It took longer than its limit.
    TimedOut(Duration),
    /// It trapped, for example because it ran out of memory.
    Trapped(wasmtime::Error),
}

impl Sandbox {
    pub(crate) fn new(engine: Engine, grants: Grants) -> Sandbox {
        Sandbox { engine, grants: Arc::new(grants), sent: Arc::default(), live: None }
    }

    /// How many HTTP requests have left this sandbox so far.
    pub fn requests(&self) -> u32 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Instantiates the component, if it is not; otherwise its first call does.
    ///
    /// # Errors
    ///
    /// Fails where there is no room for it.
    pub async fn prepare(&mut self) -> Result<(), Stopped> {
        self.call(async |_| Ok(())).await
    }

    /// Finds the account that has exactly this e-mail address.
    pub async fn find_account(&mut self, connection: &Connection, email: &str) -> Answer<Account> {
        self.call(async |live| {
            let (accounts, store) = live.accounts()?;
            accounts.call_find_account(store, &connection.0, email).await
        })
        .await
    }

    /// Invites a person, with access and groups.
    pub async fn invite(&mut self, connection: &Connection, invitation: &Invitation) -> Answer<Invited> {
        self.call(async |live| {
            let (accounts, store) = live.accounts()?;
            accounts.call_invite(store, &connection.0, invitation).await
        })
        .await
    }

    /// Takes a person's access to everything in their directory away, and keeps what they had.
    pub async fn suspend_account(&mut self, connection: &Connection, person: &str) -> Answer<Outcome> {
        self.call(async |live| {
            let (accounts, store) = live.accounts()?;
            accounts.call_suspend_account(store, &connection.0, person).await
        })
        .await
    }

    /// Gives a suspended person their access back.
    pub async fn restore_account(&mut self, connection: &Connection, person: &str) -> Answer<Outcome> {
        self.call(async |live| {
            let (accounts, store) = live.accounts()?;
            accounts.call_restore_account(store, &connection.0, person).await
        })
        .await
    }

    /// Removes a person from their directory.
    pub async fn remove_account(&mut self, connection: &Connection, person: &str) -> Answer<Outcome> {
        self.call(async |live| {
            let (accounts, store) = live.accounts()?;
            accounts.call_remove_account(store, &connection.0, person).await
        })
        .await
    }

    /// Finds a group by its exact name or its id.
    pub async fn find_group(&mut self, connection: &Connection, group: &str) -> Answer<Group> {
        self.call(async |live| {
            let (groups, store) = live.groups()?;
            groups.call_find_group(store, &connection.0, group).await
        })
        .await
    }

    /// Adds a person, by account id or e-mail address, to a group, by name or id.
    pub async fn add_to_group(&mut self, connection: &Connection, group: &str, person: &str) -> Answer<Membership> {
        self.call(async |live| {
            let (groups, store) = live.groups()?;
            groups.call_add_to_group(store, &connection.0, group, person).await
        })
        .await
    }

    /// Removes a person, by account id or e-mail address, from a group, by name or id.
    pub async fn remove_from_group(&mut self, connection: &Connection, group: &str, person: &str) -> Answer<Outcome> {
        self.call(async |live| {
            let (groups, store) = live.groups()?;
            groups.call_remove_from_group(store, &connection.0, group, person).await
        })
        .await
    }

    /// Creates a group, unless there is one of that name.
    pub async fn create_group(
        &mut self,
        connection: &Connection,
        name: &str,
        description: Option<&str>,
    ) -> Answer<CreatedGroup> {
        self.call(async |live| {
            let (groups, store) = live.groups()?;
            groups.call_create_group(store, &connection.0, name, description).await
        })
        .await
    }

    /// Deletes a group, by name or id, if it is there.
    pub async fn delete_group(&mut self, connection: &Connection, group: &str) -> Answer<Outcome> {
        self.call(async |live| {
            let (groups, store) = live.groups()?;
            groups.call_delete_group(store, &connection.0, group).await
        })
        .await
    }

    /// Finds out what there is to do for people, by reading only.
    pub async fn plan(&mut self, connection: &Connection, people: &[Person], options: PlanOptions) -> Answer<Rollout> {
        self.call(async |live| {
            let (rollouts, store) = live.rollouts()?;
            rollouts.call_plan(store, &connection.0, people, options).await
        })
        .await
    }

    /// Does what a plan's steps say.
    pub async fn apply(
        &mut self,
        connection: &Connection,
        steps: &[Step],
        options: &ApplyOptions,
    ) -> Answer<Vec<Applied>> {
        self.call(async |live| {
            let (rollouts, store) = live.rollouts()?;
            rollouts.call_apply(store, &connection.0, steps, options).await
        })
        .await
    }

    /// Finds out what a connection can do, by reading only.
    pub async fn check_connection(&mut self, connection: &Connection) -> Answer<Report> {
        self.call(async |live| {
            let (diagnosis, store) = live.diagnosis()?;
            diagnosis.call_check_connection(store, &connection.0).await
        })
        .await
    }

    /// Calls any function of the contract, for hosts that learn the contract at run time.
    ///
    /// # Errors
    ///
    /// Traps if the arguments are not of the function's types.
    pub async fn call_dynamic(&mut self, function: &Function, arguments: &[Val]) -> Result<Val, Stopped> {
        self.call(async |Live { store, instance, .. }| {
            let interface = instance.get_export_index(&mut *store, None, &function.interface);
            let index = instance.get_export_index(&mut *store, interface.as_ref(), &function.name);
            let index = index.ok_or_else(|| wasmtime::format_err!("there is no function {}", function.name))?;
            let called = instance.get_func(&mut *store, index);
            let called = called.ok_or_else(|| wasmtime::format_err!("{} is no function", function.name))?;
            let mut results = [Val::Bool(false)];
            called.call_async(&mut *store, arguments, &mut results).await?;
            let [result] = results;
            Ok(result)
        })
        .await
    }

    /// Calls the component within the limits. An instance that was stopped is never entered again.
    async fn call<T>(&mut self, function: impl AsyncFnOnce(&mut Live) -> wasmtime::Result<T>) -> Result<T, Stopped> {
        let limit = self.grants.limits.time;
        let calling = async {
            let mut live = match self.live.take() {
                Some(live) => live,
                None => instantiate(&self.engine, &self.grants, &self.sent).await?,
            };
            let result = function(&mut live).await?;
            self.live = Some(live);
            Ok(result)
        };
        match tokio::time::timeout(limit, calling).await {
            Ok(result) => result.map_err(Stopped::Trapped),
            Err(_) => Err(Stopped::TimedOut(limit)),
        }
    }
}

// Not a method: a call that borrows all of its sandbox could not be sent to another thread, since a
// store may not be used from two at once.
async fn instantiate(engine: &Engine, grants: &Arc<Grants>, sent: &Arc<AtomicU32>) -> wasmtime::Result<Live> {
    let egress = Egress::new(engine.client(), Arc::clone(grants), Arc::clone(sent));
    let mut store = Store::new(&engine.wasmtime, State::new(grants, egress));
    store.limiter(|state| &mut state.limits);
    // Yielding at every tick lets the time limit end a component that computes for ever. Time
    // spent waiting for HTTP costs no ticks.
    store.epoch_deadline_async_yield_and_update(1);
    let instance = engine.plugin.instantiate_async(&mut store).await?;
    let interfaces = Arc::clone(&engine.interfaces);
    Ok(Live { store, instance, interfaces, accounts: None, groups: None, rollouts: None, diagnosis: None })
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox")
            .field("grants", &self.grants)
            .field("requests", &self.requests())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stopped::TimedOut(limit) => write!(f, "the component was stopped after {limit:?}, its limit"),
            Stopped::Trapped(trap) => write!(f, "the component trapped: {}", trap.root_cause()),
        }
    }
}

impl std::error::Error for Stopped {}

/// What a store holds for one sandbox.
pub(crate) struct State {
    wasi: WasiCtx,
    table: ResourceTable,
    http: WasiHttpCtx,
    egress: Egress,
    limits: StoreLimits,
}

impl State {
    fn new(grants: &Grants, egress: Egress) -> State {
        let Limits { memory, .. } = grants.limits;
        let wasi = WasiCtx::builder().envs(&grants.environment).build();
        let limits = StoreLimitsBuilder::new().memory_size(memory).instances(16).trap_on_grow_failure(true).build();
        State { wasi, table: ResourceTable::new(), http: WasiHttpCtx::new(), egress, limits }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl IoView for State {
    fn table(&mut self) -> &mut ResourceTable {
        &mut self.table
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.egress }
    }
}
