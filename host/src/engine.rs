//! The engine: the component, loaded once, and what all sandboxes share.

use crate::cache;
use crate::grants::Grants;
use crate::network::{HttpClient, Network};
use crate::sandbox::{Interfaces, Sandbox, State};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;
use wasmtime::component::types::{self, ComponentItem};
use wasmtime::component::{Component, InstancePre, Linker};
use wasmtime::{Config, PoolingAllocationConfig, Result};
use wasmtime_wasi::WasiView as _;
use wasmtime_wasi::cli::{WasiCli, WasiCliView};
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksView};
use wasmtime_wasi::p2::bindings::{cli, clocks, random};
use wasmtime_wasi::random::WasiRandom;

/// The component that this crate was built with.
pub const COMPONENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/usher.wasm"));

/// How often a component that computes is interrupted, so that its time limit can end it.
const TICK: Duration = Duration::from_millis(10);

/// The component, ready to be instantiated, and the client that all sandboxes share.
///
/// Cloning it shares both.
#[derive(Clone)]
pub struct Engine {
    pub(crate) wasmtime: wasmtime::Engine,
    pub(crate) plugin: InstancePre<State>,
    pub(crate) interfaces: Arc<Interfaces>,
    network: Network,
    // Made for the first sandbox: reading the system's certificates takes longer than all else here.
    client: Arc<OnceLock<HttpClient>>,
    component: Component,
}

impl Engine {
    /// Loads the built-in component, compiled form from the user's cache folder where it can.
    ///
    /// # Errors
    ///
    /// Fails if the processor is not supported.
    pub fn load() -> Result<Engine> {
        Engine::from_component(COMPONENT, cache::folder().as_deref())
    }

    /// Loads a component from its bytes, with a folder for its compiled form or none.
    ///
    /// # Errors
    ///
    /// Fails if it is no component, or if it imports anything besides HTTP, clocks, polling,
    /// randomness and the environment.
    pub fn from_component(wasm: &[u8], cache: Option<&Path>) -> Result<Engine> {
        Engine::new(wasm, cache, &Config::new())
    }

    /// Loads the built-in component with memory reserved for so many sandboxes, for hosts that open a
    /// fresh one for every call: that then costs about half. Loading takes some microseconds longer for
    /// each, and no more than those can be alive at once: the calls of another end as
    /// [`Stopped::Trapped`](crate::Stopped::Trapped).
    ///
    /// # Errors
    ///
    /// Fails if the processor is not supported, or if there is no address space for them.
    pub fn pooled(sandboxes: u32) -> Result<Engine> {
        let mut config = Config::new();
        config.allocation_strategy(pool(sandboxes));
        Engine::new(COMPONENT, cache::folder().as_deref(), &config)
    }

    fn new(wasm: &[u8], cache: Option<&Path>, config: &Config) -> Result<Engine> {
        let mut config = config.clone();
        config.epoch_interruption(true);
        let wasmtime = wasmtime::Engine::new(&config)?;
        let component = cache::component(&wasmtime, wasm, cache)?;
        let plugin = linker(&wasmtime)?.instantiate_pre(&component)?;
        let interfaces = Arc::new(Interfaces::new(&plugin)?);
        tick(&wasmtime)?;
        Ok(Engine { wasmtime, plugin, interfaces, network: Network::direct(), client: Arc::default(), component })
    }

    /// The same engine with another way out, and a pool of its own.
    pub fn network(self, network: &Network) -> Engine {
        Engine { network: network.clone(), client: Arc::default(), ..self }
    }

    /// The client that all sandboxes share.
    pub(crate) fn client(&self) -> HttpClient {
        self.client.get_or_init(|| self.network.client()).clone()
    }

    /// Opens a sandbox with these grants. Nothing is instantiated before its first call.
    pub fn sandbox(&self, grants: Grants) -> Sandbox {
        Sandbox::new(self.clone(), grants)
    }

    /// The interfaces and functions that the component imports, by name.
    pub fn imports(&self) -> Vec<String> {
        let component = self.component.component_type();
        component.imports(&self.wasmtime).map(|(name, _)| name.to_owned()).collect()
    }

    /// The functions that the component exports.
    pub fn functions(&self) -> Vec<Function> {
        let component = self.component.component_type();
        let mut functions = Vec::new();
        for (interface, export) in component.exports(&self.wasmtime) {
            let ComponentItem::ComponentInstance(instance) = export.ty else { continue };
            for (name, export) in instance.exports(&self.wasmtime) {
                if let ComponentItem::ComponentFunc(signature) = export.ty {
                    functions.push(Function { interface: interface.to_owned(), name: name.to_owned(), signature });
                }
            }
        }
        functions
    }
}

/// A function that the component exports.
#[derive(Clone, Debug)]
pub struct Function {
    /// The interface it is in, with package and version.
    pub interface: String,
    /// Its name, which is unique among all interfaces.
    pub name: String,
    /// What it takes and gives.
    pub signature: types::ComponentFunc,
}

/// How much of a sandbox's memory, and of its stack, is cleared and kept for the next one instead of
/// given back: what a call usually touches. Giving pages back and faulting them in again is what a
/// fresh sandbox costs most.
const KEPT: usize = 256 << 10;

/// Memory for so many sandboxes, which is reserved and not used: each could grow to 4 GiB, but for its
/// limit.
fn pool(sandboxes: u32) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(sandboxes)
        .total_core_instances(sandboxes.saturating_mul(8))
        .total_memories(sandboxes)
        .total_tables(sandboxes.saturating_mul(4))
        .total_stacks(sandboxes)
        .max_memory_size(1 << 32)
        .linear_memory_keep_resident(KEPT)
        .async_stack_keep_resident(KEPT)
        .table_keep_resident(KEPT);
    pool
}

/// Links HTTP, polling, clocks, randomness and the environment: a component that asks for a file
/// or a socket cannot be loaded at all.
fn linker(engine: &wasmtime::Engine) -> Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    let it = &mut linker;
    cli::environment::add_to_linker::<State, WasiCli>(it, State::cli)?;
    clocks::monotonic_clock::add_to_linker::<State, WasiClocks>(it, State::clocks)?;
    clocks::wall_clock::add_to_linker::<State, WasiClocks>(it, State::clocks)?;
    random::random::add_to_linker::<State, WasiRandom>(it, |state| state.ctx().ctx.random())?;
    wasmtime_wasi_io::add_to_linker_async(it)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(it)?;
    Ok(linker)
}

/// Moves the epoch on until the engine is gone.
fn tick(engine: &wasmtime::Engine) -> Result<()> {
    let weak = engine.weak();
    let tick = move || {
        while let Some(engine) = weak.upgrade() {
            engine.increment_epoch();
            drop(engine);
            thread::sleep(TICK);
        }
    };
    thread::Builder::new().name("usher-epoch".into()).spawn(tick)?;
    Ok(())
}
