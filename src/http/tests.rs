//! The API against a real store, chain, mempool and miner, over real connections on loopback; only the network is made up.

mod accounts;
mod agreements;
mod answers;
mod blocks;
mod bounds;
mod client;
mod description;
mod events;
mod explorer;
mod finality;
mod guard;
mod harness;
mod input;
mod limits;
mod members;
mod mining;
mod motions;
mod node;
mod peers;
mod pruned;
mod receipts;
mod records;
mod short;
mod slow;
mod transactions;
mod watching;
