//! The contract's types and functions, generated from `wit/`.

#![allow(missing_docs, unreachable_pub, reason = "generated; wit/ documents everything")]

wasmtime::component::bindgen!({
    path: "../wit",
    world: "plugin",
    exports: { default: async },
    additional_derives: [PartialEq],
});
