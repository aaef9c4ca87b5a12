// Made from docs/openapi.json by `npm run describe`. Do not edit.

/** Properties that are whole numbers of up to 64 bits, or sums of them. */
export const WHOLE: ReadonlySet<string> = new Set(["above","after_ms","allowed","behind","confirmations","days_left","difficulty","epoch","expected_nonce","final","gas","gas_per_block","hashes_per_second","height","held","interval_ms","lowest","lowest_block","min_fee_per_byte","missed","needed","next_nonce","nonce","offset_ms","proven","rtt_ms","undone","valid_until","work"]);

/** Properties that are amounts of the coin. */
export const AMOUNTS: ReadonlySet<string> = new Set(["amount","balance","cost","fee","least_fee","value"]);

/** What an address holds. */
export type Account = {
  readonly address: string;
  readonly balance: bigint;
  /** How many confirmations the balance has. */
  readonly confirmations: bigint;
  /** Whose that address is; null if no member's. */
  readonly name?: AddressName | null;
  /** The next nonce to use, this node's mempool counted. */
  readonly nonce: bigint;
};

/** What a transaction does. */
export type Action = ActionTransfer | ActionRecord | ActionPropose | ActionRespond | ActionWithdraw | ActionMotion | ActionBallot | ActionKeys | ActionDeploy | ActionCall;

export type ActionBallot = {
  readonly motion: string;
  readonly type: "ballot";
  readonly yes: boolean;
};

/** Calls a contract. */
export type ActionCall = {
  /** SHA-256 of its code. */
  readonly code: string;
  /** The contract's address. */
  readonly contract: string;
  /** Gas that it may take. */
  readonly gas: bigint;
  /** What its `call` reads, in hex. */
  readonly input: string;
  /** Bytes of its code. */
  readonly size: number;
  readonly type: "call";
  /** Coins that come with the call. */
  readonly value: bigint;
};

/** A member's governor puts a contract on the ledger. */
export type ActionDeploy = {
  /** SHA-256 of its code. */
  readonly code: string;
  /** The contract's address. */
  readonly contract: string;
  /** Gas that `init` may take. */
  readonly gas: bigint;
  /** What its `init` reads, in hex. */
  readonly input: string;
  /** Bytes of its code. */
  readonly size: number;
  readonly type: "deploy";
  /** Coins that it begins with. */
  readonly value: bigint;
};

/** A member changes its own keys. */
export type ActionKeys = {
  /** Its new governor; none if that stays. */
  readonly governor?: string | null;
  /** Its new member key; none if that stays. */
  readonly key?: string | null;
  readonly member: string;
  readonly type: "keys";
};

export type ActionMotion = {
  readonly change: MemberChange;
  /** The motion's id. */
  readonly motion: string;
  readonly reason: string;
  readonly type: "motion";
  readonly until: string;
};

export type ActionPropose = {
  /** The agreement's id. */
  readonly agreement: string;
  readonly deadline: string;
  /** SHA-256 of the document. */
  readonly document: string;
  readonly parties: readonly string[];
  readonly title: string;
  readonly type: "propose";
};

export type ActionRecord = {
  /** The data in hex; none for a document. */
  readonly data?: string | null;
  /** SHA-256 of the data or the document; it is found by this. */
  readonly hash: string;
  /** What the document is called; none for data. */
  readonly name?: string | null;
  /** The data as text, if that is what it is. */
  readonly text?: string | null;
  readonly topic: string;
  readonly type: "record";
};

export type ActionRespond = {
  readonly agreement: string;
  readonly document: string;
  readonly response: Response;
  readonly type: "respond";
};

export type ActionTransfer = {
  readonly memo: string;
  readonly outputs: readonly Output[];
  readonly type: "transfer";
};

export type ActionWithdraw = {
  readonly agreement: string;
  readonly type: "withdraw";
};

/**
 * Whose an address is, by the members after the newest block. The id is proven by a certificate. The name is what the
 * members' vote gave it: at most 64 bytes without control characters, and perhaps another member's too.
 */
export type AddressName = {
  /** The member's id. */
  readonly member: string;
  /** What people call it; may be empty. */
  readonly name: string;
  readonly role: AddressRole;
};

/** What an address is to a member. */
export type AddressRole = "governor" | "key";

/** An agreement and its state at the tip. */
export type Agreement = {
  /** Confirmations of the block that decided it; 0 while it is open. */
  readonly confirmations: bigint;
  readonly deadline: string;
  /** What decided it; none while it is open, and none if it expired. */
  readonly decided?: Moment | null;
  /** SHA-256 of the document. */
  readonly document: string;
  /** The block that decided it is final; while it is open, the proposal's. */
  readonly final: boolean;
  readonly id: string;
  readonly parties: readonly Party[];
  readonly proposed: Moment;
  /** Address of the proposer, who signed it by proposing. */
  readonly proposer: string;
  /** Whose that address is; null if no member's. */
  readonly proposer_name?: AddressName | null;
  /** Whether the status is as deep under the tip as was asked; if not, it may still change. */
  readonly settled: boolean;
  readonly status: AgreementStatus;
  readonly title: string;
  /** When the proposer took it back, even if that did not count. */
  readonly withdrawal?: Moment | null;
};

/** The state of an agreement. */
export type AgreementStatus = "open" | "effective" | "refused" | "withdrawn" | "expired";

/** An id that is kept out. */
export type BlacklistEntry = {
  readonly id: string;
  readonly source: BlacklistSource;
  readonly until?: string | null;
  readonly why?: string | null;
};

/** Who keeps an id out: node.toml, the operator at run time, or the node itself. */
export type BlacklistSource = "config" | "operator" | "ban";

/** A block. */
export type Block = {
  readonly body_root: string;
  /** The block itself and the blocks on top of it; 0 if it is not on the best chain. */
  readonly confirmations: bigint;
  readonly difficulty: bigint;
  /** The members have voted it final: it never changes. */
  readonly final: boolean;
  readonly hash: string;
  readonly height: bigint;
  readonly history: string;
  readonly miner: MinerOf;
  readonly nonce: bigint;
  readonly parent: string;
  readonly reward: Reward;
  readonly size: number;
  readonly time: string;
  readonly transactions: readonly Transaction[];
  readonly work: bigint;
};

/** A block without its transactions. */
export type BlockSummary = {
  readonly difficulty: bigint;
  /** The members have voted it final: it never changes. */
  readonly final: boolean;
  readonly hash: string;
  readonly height: bigint;
  readonly miner: MinerOf;
  readonly size: number;
  readonly time: string;
  readonly transactions: number;
};

/** The certificate in a set's base. */
export type BroughtBy = {
  readonly hash: string;
  /** The block that it makes final: what was decided up to it came into force. */
  readonly height: bigint;
  /** Ids of the members before who signed it. */
  readonly signers: readonly string[];
};

export type CertificateStatus = {
  readonly days_left: bigint;
  readonly not_after: string;
};

/** A block in an epoch of votes. */
export type Checkpoint = {
  readonly epoch: bigint;
  readonly hash: string;
  readonly height: bigint;
};

export type ClockStatus = {
  /** The peers' median clock minus this node's; none without peers. */
  readonly offset_ms?: bigint | null;
};

/** A contract on the ledger. */
export type Contract = {
  readonly address: string;
  /** What it has. */
  readonly balance: bigint;
  /** SHA-256 of its code. */
  readonly code: string;
  /** Address of who deployed it. */
  readonly deployer: string;
  /** Whose that address is; null if no member's. */
  readonly deployer_name?: AddressName | null;
  /** The block that did. */
  readonly height: bigint;
  /** Bytes of its keys and values. */
  readonly held: bigint;
  /** Bytes of its code. */
  readonly size: number;
  /** The transaction that deployed it. */
  readonly transaction: string;
};

/** What a contract says when it is asked. Nothing of that is on the ledger. */
export type ContractAnswer = {
  /** False: it failed. */
  readonly done: boolean;
  /** Gas that it took. */
  readonly gas: bigint;
  /** The newest block's height, with which it was asked. */
  readonly height: bigint;
  /** What it gave back, in hex. */
  readonly output: string;
  /** Why it failed; null if it did not. */
  readonly why?: string | null;
};

/** Something that a contract said. */
export type ContractEvent = {
  /** In hex. */
  readonly data: string;
  readonly topic: string;
};

/** What a deployment or a call has led to, or would lead to. */
export type ContractOutcome = {
  /** False: it failed. Then it has cost its fee, its value went back, and it changed nothing else. */
  readonly done: boolean;
  /** What the contract said, in its order. */
  readonly events: readonly ContractEvent[];
  /** Gas that it took. The gas that it stated is paid all the same. */
  readonly gas: bigint;
  /** What the contract gave back, in hex. */
  readonly output: string;
  /** What the contract paid, in its order. */
  readonly payments: readonly Output[];
  /** Why it failed; null if it did not. */
  readonly why?: string | null;
};

/** What a contract is asked. */
export type ContractQuestion = {
  /** What its `view` reads, in hex. */
  readonly input?: string;
};

/** Something that a contract keeps. */
export type ContractSlot = {
  /** In hex. */
  readonly data: string;
  /** In hex. */
  readonly key: string;
};

/** Something that a contract said, and when. */
export type ContractTold = {
  readonly confirmations: bigint;
  /** In hex. */
  readonly data: string;
  /** The members have voted its block final: it never changes. */
  readonly final: boolean;
  readonly height: bigint;
  readonly time: string;
  readonly topic: string;
  /** The transaction that called or deployed it. */
  readonly transaction: string;
};

/** What was decided: by a motion, or by a member about its own keys. */
export type Decided = {
  readonly at: DecidedAt;
  readonly change: MemberChange;
  /** The motion; null for a member's own keys. */
  readonly motion?: string | null;
};

/** Where something was decided, or a decision came into force. */
export type DecidedAt = {
  readonly height: bigint;
  readonly time: string;
  /** The transaction that did it; null if the block did, because it changed the members. */
  readonly transaction?: string | null;
};

/** What was decided and fell away. */
export type Dropped = {
  /** The motion; null for a member's own keys. */
  readonly motion?: string | null;
  readonly why: string;
};

/** The data of an event, whose name in the stream is its `type`. */
export type Event = EventBlock | EventReorg | EventTransaction | EventDropped | EventAgreement | EventMotion | EventMembers | EventFinal | EventFinalityStalled | EventMemberFault | EventFinalityConflict | EventPeer;

/** An agreement was proposed, answered, decided or ended: its state at the tip. */
export type EventAgreement = {
  readonly id: string;
  readonly status: AgreementStatus;
  readonly type: "agreement";
};

/** A block joined the best chain. */
export type EventBlock = {
  readonly hash: string;
  readonly height: bigint;
  /** The member if the network's definition names it, else its key. */
  readonly miner: string;
  readonly transactions: number;
  readonly type: "block";
};

/** A transaction left unconfirmed. */
export type EventDropped = {
  readonly id: string;
  readonly reason: string;
  readonly type: "dropped";
};

/** A block is final, and with it all below. */
export type EventFinal = {
  /** Milliseconds since its date, by this node's clock. */
  readonly after_ms: bigint;
  readonly hash: string;
  readonly height: bigint;
  readonly type: "final";
};

/** The members have voted a block final that contradicts this node's history, or that it finds invalid. */
export type EventFinalityConflict = {
  readonly hash: string;
  readonly height: bigint;
  readonly type: "finality_conflict";
};

/** The blocks above the final one do not become final. The next `final` ends that. */
export type EventFinalityStalled = {
  /** Voters that were heard lately. */
  readonly heard: number;
  /** The height of the newest final block. */
  readonly height: bigint;
  readonly members: number;
  /** Voters that were not heard. */
  readonly missing: readonly string[];
  /** Votes that make a block final. */
  readonly needed: bigint;
  /** The date of the first block above it. */
  readonly since: string;
  readonly type: "finality_stalled";
};

/** A member has signed two votes that no honest machine signs both. */
export type EventMemberFault = {
  readonly id: string;
  readonly offence: string;
  readonly type: "member_fault";
};

/** A block of the best chain changed who the members are, or such a block is final: then these members vote. */
export type EventMembers = {
  readonly final: boolean;
  readonly hash: string;
  readonly height: bigint;
  /** Their ids. */
  readonly members: readonly string[];
  readonly type: "members";
};

/** A motion was moved or decided, has expired, or came into force or could not. */
export type EventMotion = {
  readonly id: string;
  readonly state: string;
  readonly type: "motion";
};

/** A peer came or went. */
export type EventPeer = {
  readonly id: string;
  readonly status: PeerStatus;
  readonly type: "peer";
  readonly why?: string | null;
};

/** The best chain changed its past. */
export type EventReorg = {
  readonly depth: number;
  readonly from: string;
  readonly height: bigint;
  readonly to: string;
  readonly type: "reorg";
};

/** A transaction waits to be confirmed. */
export type EventTransaction = {
  readonly id: string;
  readonly type: "transaction";
};

/** Transactions of the chain, in its order, oldest first. */
export type Feed = {
  /** The height of the newest final block: whatever the feed told up to it never changes. */
  readonly final: bigint;
  readonly items: readonly FeedItem[];
  /** There may be more to read at once; false: the feed is read to its end, for now. */
  readonly more: boolean;
  /** Where to go on: store it once the items are worked on, and give it as `after`. */
  readonly next: string;
  /**
   * Blocks above this height are others than those that were told: whoever took something above it takes that back before it
   * goes on with the items. Never below what was final. Null if nothing was undone.
   */
  readonly undone?: bigint | null;
};

/** The data of an event named `at` in the feed's stream: how far it has come. */
export type FeedAt = {
  /** The height of the newest final block. */
  readonly final: bigint;
  /** All that fits the filter in blocks up to this height was told. */
  readonly height: bigint;
};

/** A transaction of the feed. */
export type FeedItem = {
  /** Where to go on behind it. */
  readonly cursor: string;
  readonly transaction: Transaction;
};

/** The data of an event named `undone` in the feed's stream. */
export type FeedUndone = {
  /** Blocks above this height are others than those that were told. */
  readonly above: bigint;
};

/** A final block. */
export type FinalBlock = {
  /** The certificate: Borsh, as hex. */
  readonly certificate: string;
  readonly epoch: bigint;
  readonly hash: string;
  readonly height: bigint;
  /** The voters whose votes made it final. */
  readonly signers: readonly string[];
  /** Since when it is final here; null if that was before this node's start. */
  readonly since?: string | null;
};

/** The certificate of the newest final block, and what leads to those who signed it. */
export type FinalCertificate = {
  /** Borsh, as hex. */
  readonly certificate: string;
  /**
   * What leads from the members that the definition lists to those who signed, one for each change: Borsh, as hex. Null if it
   * is not all stored here.
   */
  readonly handovers?: readonly string[] | null;
  /** The header of the block that it makes final: Borsh, as hex. */
  readonly header: string;
  /** What is missing, if `handovers` is null. */
  readonly missing?: string | null;
  /** The set of voters. */
  readonly set: string;
  /** The voters whose signatures on this link are in it. */
  readonly signers: readonly string[];
  readonly source: Checkpoint;
  readonly target: Checkpoint;
};

/** The newest final block, in the status. */
export type FinalStatus = {
  /** Milliseconds from its date until it was final here; null if that was before this node's start. */
  readonly after_ms?: bigint | null;
  /** Blocks above it on the best chain. */
  readonly behind: bigint;
  readonly hash: string;
  readonly height: bigint;
  /** The date of the first of them; null if there are none. */
  readonly since?: string | null;
  readonly turnout: Turnout;
};

/** How finality stands. */
export type Finality = {
  /** The newest final block; none if none was voted final yet. */
  readonly final?: FinalBlock | null;
  /** If there are two histories, at least this many voters have signed both. */
  readonly guilty: number;
  /** Voters that make a block final. */
  readonly quorum: number;
  /** A final block that contradicts this node's history, if it has met one. */
  readonly rival?: FinalBlock | null;
  /** The set of voters. */
  readonly set: string;
  readonly voters: readonly Voter[];
  /** Whether this node votes, and if not, why. */
  readonly voting: Voting;
};

/** A block that changed who the members are. */
export type InForceSince = {
  readonly hash: string;
  readonly height: bigint;
  readonly time: string;
};

/** A list of revoked certificates. */
export type ListStatus = {
  /** The name of the CA that made it. */
  readonly ca: string;
  /** When its successor is due. */
  readonly due: string;
  readonly made: string;
};

/** A member. */
export type Member = {
  /** What its node runs, as that says; null unless it is connected here, or is this node. */
  readonly agent?: string | null;
  /** Its node's certificate; null unless it is connected here, or is this node. */
  readonly certificate?: CertificateStatus | null;
  /** The address that speaks for it. */
  readonly governor: string;
  readonly id: string;
  /** Its member key. */
  readonly key: string;
  /** That key's address. */
  readonly key_address: string;
  /** What people call it; may be empty. */
  readonly name: string;
  /** The last block that it sealed with this key, of the newest 1,000. */
  readonly sealed?: InForceSince | null;
  /** Since when it is a member; null if that is very many handovers ago. */
  readonly since?: InForceSince | null;
  /** Its newest vote on what is final that was heard here. */
  readonly vote?: VoterVote | null;
};

/** What changes if a motion passes, or by a member's own word. */
export type MemberChange = MemberChangeAdd | MemberChangeRemove | MemberChangeGovernor | MemberChangeUpgrade | MemberChangeKeys;

export type MemberChangeAdd = {
  /** The address that speaks for it. */
  readonly governor: string;
  readonly id: string;
  /** Its member key. */
  readonly key: string;
  /** What people call it; may be empty. */
  readonly name: string;
  readonly type: "add";
};

/** Its governor is lost: it gets another. */
export type MemberChangeGovernor = {
  readonly governor: string;
  readonly id: string;
  readonly type: "governor";
};

/** A member's own keys: the new member key and the new governor, null for the one that stays. */
export type MemberChangeKeys = {
  readonly governor?: string | null;
  readonly id: string;
  readonly key?: string | null;
  readonly type: "keys";
};

export type MemberChangeRemove = {
  readonly id: string;
  readonly type: "remove";
};

/** Blocks from this height on have this version. */
export type MemberChangeUpgrade = {
  /** As its mover has written it: any number. */
  readonly height: bigint;
  readonly type: "upgrade";
  readonly version: number;
};

/** What is new about a member. */
export type MemberChanged = {
  /** Its new governor; null if it kept its own. */
  readonly governor?: string | null;
  readonly id: string;
  /** Its new member key; null if it kept its own. */
  readonly key?: string | null;
  readonly name: string;
};

/** A member, and what people call it, which may be empty. */
export type MemberName = {
  readonly id: string;
  readonly name: string;
};

/** The members of a time, and how they came to be who they were. */
export type MemberSet = {
  /** What let the change come into force; null for block 0, and where people put the members in by hand. */
  readonly by?: BroughtBy | null;
  /** Those who were none before. */
  readonly came: readonly MemberName[];
  /** Those who have other keys than before. */
  readonly changed: readonly MemberChanged[];
  /** How many they are. */
  readonly count: number;
  /** That block is final, so they voted, or vote. */
  readonly final: boolean;
  /** Ids of the motions that came into force with it. Who has other keys by its own word did so without one. */
  readonly motions: readonly string[];
  /** So many of them must say yes to a motion, or sign what is final. */
  readonly needed: bigint;
  /** The hash of the override with which people did that; null where the members decided. */
  readonly override?: string | null;
  /**
   * The height of the block that `/v1/members/history/{height}/proof` proves with the votes of this set; null if none can be
   * proven here.
   */
  readonly proven?: bigint | null;
  /** The block that put them into force, the set's base: block 0 for those that the definition lists. */
  readonly since: InForceSince;
  /** Those who are none any more. */
  readonly went: readonly MemberName[];
};

/** The members after the newest block, and what waits to change them. */
export type Members = {
  /** What the last handover could not apply. */
  readonly dropped: readonly Dropped[];
  /** That block is final, so they vote; until then those before them do. */
  readonly final: boolean;
  /** Ids of former members, the newest last: their nodes are kept out until they are added again. */
  readonly former: readonly string[];
  readonly members: readonly Member[];
  /** Members that must say yes to a motion. */
  readonly needed: bigint;
  /** The block that put them into force: block 0 if nobody has come or gone since the beginning. */
  readonly since: InForceSince;
  /** Block versions that were decided, and the heights from which they count. */
  readonly upgrades: readonly Upgrade[];
  /** What was decided and waits for its handover, in the order in which it was. */
  readonly waiting: readonly Decided[];
};

export type MempoolStatus = {
  readonly bytes: number;
  readonly transactions: number;
};

/** A block that was mined on request. */
export type Mined = {
  readonly hash: string;
  readonly height: bigint;
};

/** Who sealed a block: a key, and the member that it belongs to if that is known. */
export type MinerOf = {
  readonly id?: string | null;
  readonly key: string;
  /** What people call it; null if no member is known, perhaps empty. */
  readonly name?: string | null;
};

export type MinerStatus = {
  readonly enabled: boolean;
  readonly hashes_per_second: bigint;
  /** What keeps this node from mining now; none if nothing does. */
  readonly obstacle?: string | null;
};

/** When something was put on the chain. */
export type Moment = {
  readonly height: bigint;
  readonly time: string;
  readonly transaction: string;
};

/** A motion. */
export type Motion = {
  /** Where it came into force, or could not. */
  readonly applied?: DecidedAt | null;
  /** Where it was moved. */
  readonly at: Moment;
  readonly change: MemberChange;
  /**
   * Where it passed, was rejected or gave way, or where it was noticed that it had expired; null as long as it is open, or if
   * nothing has noticed yet.
   */
  readonly decided?: DecidedAt | null;
  /** The last of these blocks is final. */
  readonly final: boolean;
  readonly id: string;
  readonly state: MotionState;
  /** What is said of it, or was when it was decided. */
  readonly vote: MotionVote;
  /** Why it could not come into force; else null. */
  readonly why?: string | null;
};

/** How a motion stands. */
export type MotionState = "open" | "passed" | "applied" | "dropped" | "rejected" | "expired" | "replaced" | "void";

/** Who said what about a motion. */
export type MotionVote = {
  /** Whoever is to be added: its governor must say yes too. */
  readonly candidate?: Voice | null;
  /** The member that moved it. */
  readonly mover: string;
  /** So many members must say yes. */
  readonly needed: bigint;
  /** So many say no. */
  readonly no: number;
  /** Why; may be empty. */
  readonly reason: string;
  /** The last block time at which it may pass. */
  readonly until: string;
  /** The members, by ascending key. */
  readonly voices: readonly Voice[];
  /** So many do. */
  readonly yes: number;
};

/** A line of an address's history. */
export type Movement = {
  readonly action: MovementAction;
  /**
   * What went to or came from others, without a sign and without the fee; a reward includes its block's fees. Of a contract's
   * call it is the difference between what went and what came, the contract's payments counted.
   */
  readonly amount: bigint;
  readonly counterparties: readonly string[];
  readonly direction: MovementDirection;
  /** The fee that the address paid on top. */
  readonly fee: bigint;
  readonly height: bigint;
  readonly memo: string;
  readonly time: string;
  /** None for a reward. */
  readonly transaction?: string | null;
};

/** What changed an account. */
export type MovementAction = "transfer" | "record" | "propose" | "respond" | "withdraw" | "motion" | "ballot" | "keys" | "deploy" | "call" | "reward";

/** Which way coins went, as seen from the address: `self` if to nobody else. */
export type MovementDirection = "in" | "out" | "self" | "reward";

export type NetworkStatus = {
  /**
   * Twenty digits that people compare by phone: they stand for the CA and the id. Null if none of the node's roots has signed
   * its certificate.
   */
  readonly code?: string | null;
  readonly decimals: number;
  /** What the contracts of a block may compute. */
  readonly gas_per_block: bigint;
  /** The genesis block's hash. */
  readonly id: string;
  readonly interval_ms: bigint;
  /** Smallest fee per byte that this node takes, in the smallest unit. */
  readonly min_fee_per_byte: bigint;
  readonly name: string;
  /** The hash of the override that the node follows, with those before it. */
  readonly override?: string | null;
  readonly symbol: string;
  /** The first version of blocks that the members have decided for and this node's program does not know. */
  readonly upgrade?: UpgradeStatus | null;
  /** The version of the next block: from 3 on, blocks run contracts. */
  readonly version: number;
};

/** How the node stands. */
export type NodeState = "ready" | "held" | "stalled" | "unwritten" | "silent" | "not-listed" | "alone" | "syncing" | "starting" | "clock-off" | "tip-ahead" | "disk-full" | "outdated" | "refuses-final" | "two-histories" | "certificate-not-yet-valid" | "certificate-expired" | "certificate-revoked" | "removed";

/** How the node stands: the gravest thing that is true of it. */
export type NodeStatus = {
  readonly name: NodeState;
  /** What the operator can do about it; none if there is nothing to do. */
  readonly next?: string | null;
  /** Whether it can do its work: the same as `/readyz` says. */
  readonly ready: boolean;
  readonly reason: string;
};

/** How many files the node's process may have open. */
export type OpenFilesStatus = {
  /** What the system allows. */
  readonly allowed: bigint;
  /** What all the peers, strangers and clients that may connect need at once. */
  readonly needed: bigint;
};

/** What became of one of several transactions: taken, unless there is a problem. */
export type Outcome = {
  readonly id: string;
  /** It waited here already, before this request; left out if not. */
  readonly known?: boolean;
  readonly problem?: Problem | null;
};

export type Output = {
  readonly amount: bigint;
  /** Whose that address is; null if no member's. */
  readonly name?: AddressName | null;
  readonly to: string;
};

/** A party of an agreement. */
export type Party = {
  readonly address: string;
  /** What it has answered; none if it has not yet. */
  readonly answer?: PartyAnswer | null;
  readonly at?: Moment | null;
  /** Whether the answer came after the decision or the deadline, so that it does not count. */
  readonly late: boolean;
  /** Whose that address is; null if no member's. */
  readonly name?: AddressName | null;
};

/** What a party has said. */
export type PartyAnswer = "signed" | "refused";

/** A peer as this node knows it. */
export type Peer = {
  /** What it runs. */
  readonly agent?: string | null;
  /** The certificate that proved its id; none unless it is connected. */
  readonly certificate?: CertificateStatus | null;
  /** None unless it is connected. */
  readonly direction?: PeerDirection | null;
  /** The height that the peer claims. */
  readonly height?: bigint | null;
  readonly host: string;
  readonly id: string;
  readonly port: number;
  readonly rtt_ms?: bigint | null;
  /** When the status began. */
  readonly since?: string | null;
  readonly status: PeerStatus;
  /** Until when it is banned or in backoff; none if without end. */
  readonly until?: string | null;
  /** Why it is banned or was last disconnected. */
  readonly why?: string | null;
};

export type PeerCounts = {
  readonly connected: number;
  /** When a peer last dialed this node and proved its id; null if none has since the start. */
  readonly dialed_in?: string | null;
  readonly known: number;
};

/** Who dialed: the peer (`in`) or this node (`out`). */
export type PeerDirection = "in" | "out";

/** The status of a peer. */
export type PeerStatus = "known" | "dialing" | "connected" | "backoff" | "banned";

/** RFC 9457 problem details: every error of the API. docs/API.md lists them. */
export type Problem = {
  /** `insufficient-balance`: what the sender has, what waits here counted. */
  readonly balance?: bigint;
  /** `nonce-taken`, `slot-taken`: the transaction that waits with the nonce. */
  readonly by?: string;
  /** `insufficient-balance`: what the transaction takes, outputs and fee. */
  readonly cost?: bigint;
  /** For people: what is wrong, and what to do. */
  readonly detail: string;
  /** `wrong-nonce`: the nonce that the sender's next transaction needs, what waits here counted. */
  readonly expected_nonce?: bigint;
  /** `confirmed`: the height of the block that has the transaction. */
  readonly height?: bigint;
  /** `low-fee`, `slot-taken`: the smallest fee that would do. */
  readonly least_fee?: bigint;
  /** `pruned`: the height of the lowest block whose content this node has. */
  readonly lowest?: bigint;
  /** `nonce-taken`: the sender's next free nonce. */
  readonly next_nonce?: bigint;
  /** The HTTP status. Of one transaction in a list: the status that it would have had alone. */
  readonly status: number;
  /** The status in words. */
  readonly title: string;
  /** What programs compare. */
  readonly type: ProblemType;
};

/** The name of a problem; docs/API.md says of each what it means and what to do. */
export type ProblemType = "urn:bouya:bad-request" | "urn:bouya:invalid-transaction" | "urn:bouya:token" | "urn:bouya:wrong-host" | "urn:bouya:wrong-origin" | "urn:bouya:not-found" | "urn:bouya:unknown-peer" | "urn:bouya:method-not-allowed" | "urn:bouya:slow-body" | "urn:bouya:ambiguous" | "urn:bouya:confirmed" | "urn:bouya:nonce-taken" | "urn:bouya:slot-taken" | "urn:bouya:wrong-nonce" | "urn:bouya:other-history" | "urn:bouya:own-id" | "urn:bouya:configured" | "urn:bouya:full" | "urn:bouya:not-mined" | "urn:bouya:not-resumed" | "urn:bouya:no-snapshot" | "urn:bouya:pruned" | "urn:bouya:too-large" | "urn:bouya:media-type" | "urn:bouya:expired" | "urn:bouya:insufficient-balance" | "urn:bouya:low-fee" | "urn:bouya:no-contracts" | "urn:bouya:too-much-gas" | "urn:bouya:no-governor" | "urn:bouya:too-many-waiting" | "urn:bouya:internal" | "urn:bouya:behind" | "urn:bouya:busy" | "urn:bouya:disk-full" | "urn:bouya:mempool-full" | "urn:bouya:not-ready" | "urn:bouya:timeout";

/** Whether a connected peer reaches this node where it says that it listens. */
export type Reach = "connected" | "refused" | "no-answer" | "stranger" | "cannot" | "later" | "waiting" | "unable";

/** What all connected peers say of it. */
export type Reached = {
  readonly peers: readonly ReachedBy[];
};

/** What a connected peer says of dialing this node back. */
export type ReachedBy = {
  readonly id: string;
  readonly reach: Reach;
};

/** A record on the best chain. */
export type Record = {
  readonly confirmations: bigint;
  /** The data in hex; none for a document. */
  readonly data?: string | null;
  /** The members have voted its block final: it never changes. */
  readonly final: boolean;
  /** SHA-256 of the data or the document; it is found by this. */
  readonly hash: string;
  readonly height: bigint;
  /** What the document is called; none for data. */
  readonly name?: string | null;
  /** Address of the sender. */
  readonly sender: string;
  /** Whose that address is; null if no member's. */
  readonly sender_name?: AddressName | null;
  /** The data as text, if that is what it is. */
  readonly text?: string | null;
  readonly time: string;
  readonly topic: string;
  readonly transaction: string;
};

/** What a transaction says about an agreement. */
export type Response = "sign" | "refuse";

export type Reward = {
  readonly amount: bigint;
  /** Whose that address is; null if no member's. */
  readonly name?: AddressName | null;
  readonly to: string;
};

/** The node at a glance. */
export type Status = {
  readonly certificate: CertificateStatus;
  readonly clock: ClockStatus;
  /** The newest final block: the genesis block if none was voted final yet. */
  readonly final: FinalStatus;
  readonly id: string;
  /** The revocation lists in use. */
  readonly lists: readonly ListStatus[];
  readonly mempool: MempoolStatus;
  readonly miner: MinerStatus;
  readonly network: NetworkStatus;
  readonly open_files: OpenFilesStatus;
  readonly peers: PeerCounts;
  /** The address that this node's mining rewards go to. */
  readonly reward_to: string;
  /** When it was started. */
  readonly started: string;
  readonly state: NodeStatus;
  readonly tip: TipStatus;
  readonly version: string;
};

/** A transaction that was taken. */
export type Submitted = {
  readonly id: string;
  /** It waited here already, before this request; left out if not. */
  readonly known?: boolean;
};

export type TipStatus = {
  readonly hash: string;
  readonly height: bigint;
  /** From this block on the node has all transactions: 1, unless it prunes old blocks or began with a snapshot. */
  readonly lowest_block: bigint;
  readonly time: string;
  /** Expected hashes behind the chain, as a decimal string. */
  readonly work: bigint;
};

/** A transaction, confirmed or not. */
export type Transaction = {
  readonly action: Action;
  /** The hash of its block; null while it waits. */
  readonly block?: string | null;
  readonly confirmations: bigint;
  readonly fee: bigint;
  /** The members have voted its block final: it never changes. */
  readonly final: boolean;
  /** The height of its block; null while it waits. */
  readonly height?: bigint | null;
  readonly id: string;
  readonly nonce: bigint;
  /**
   * What a deployment or a call has led to. Null for any other, while it waits, and where this node did not execute its block
   * itself.
   */
  readonly outcome?: ContractOutcome | null;
  /** Address of the sender. */
  readonly sender: string;
  /** Whose that address is; null if no member's. */
  readonly sender_name?: AddressName | null;
  readonly size: number;
  readonly status: TransactionStatus;
  /** The time of its block; null while it waits. */
  readonly time?: string | null;
  readonly valid_until: bigint;
};

/** What would become of a transaction. */
export type TransactionCheck = {
  /** What it offers. */
  readonly fee: bigint;
  readonly id: string;
  /** It waits here already; left out if not. */
  readonly known?: boolean;
  /** What this node wants at least for that size, and for the gas that it states. */
  readonly least_fee: bigint;
  /** The sender's next free nonce, with all that waits here counted. */
  readonly next_nonce: bigint;
  readonly nonce: bigint;
  /**
   * What a deployment or a call would lead to if its turn came now, whatever its nonce and the height that it is valid to.
   * Left out for any other, if its sender cannot pay it, if blocks run no contracts, and if it states more than 200,000,000
   * gas.
   */
  readonly outcome?: ContractOutcome | null;
  /** It would be taken now. */
  readonly passes: boolean;
  /** Why it would not be taken; left out if it would. */
  readonly problem?: Problem | null;
  /** Its size in bytes, for which it pays. */
  readonly size: number;
};

/** Whether a transaction is in a block of the best chain. */
export type TransactionStatus = "pending" | "confirmed";

/** The voters that take part. "Lately" counts from the last vote of anybody: where all is final nobody votes. */
export type Turnout = {
  /** Voters that were heard lately. */
  readonly heard: number;
  readonly members: number;
  /** Voters that were not heard. */
  readonly missing: readonly string[];
  /** Votes that make a block final. */
  readonly needed: bigint;
};

/** A block version, and the first height that has it. */
export type Upgrade = {
  readonly height: bigint;
  readonly version: number;
};

/** A version of blocks. */
export type UpgradeStatus = {
  /** The height of the first block that has it. */
  readonly height: bigint;
  readonly version: number;
};

/** What somebody said about a motion. */
export type Voice = {
  /** The address that speaks for it in this motion; null if none does for now. */
  readonly address?: string | null;
  /** The member, or whoever is to be one. */
  readonly member: string;
  /** Null if it has said nothing yet. */
  readonly yes?: boolean | null;
};

/** A voter. */
export type Voter = {
  /** Two votes that no honest machine signs both: `double` or `surround`. Most often its operator's mistake. */
  readonly fault?: string | null;
  readonly id: string;
  /** Its place among the voters. */
  readonly number: number;
  /** Its newest vote that was heard here. */
  readonly vote?: VoterVote | null;
};

/** A vote. */
export type VoterVote = {
  readonly epoch: bigint;
  readonly hash: string;
  /** When it was heard here; none if it came with a certificate. */
  readonly heard?: string | null;
  /** The block's height. */
  readonly height: bigint;
};

/** Whether a node votes. */
export type Voting = "votes" | "observes" | "asking" | "no-record" | "twin" | "refuses-final" | "two-histories";
