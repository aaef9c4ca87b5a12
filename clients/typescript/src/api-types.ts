// Made from docs/openapi.json by `npm run describe`. Do not edit.

/** Properties that are whole numbers of up to 64 bits, or sums of them. */
export const WHOLE: ReadonlySet<string> = new Set(["after_ms","allowed","behind","confirmations","days_left","difficulty","epoch","hashes_per_second","height","interval_ms","lowest_block","min_fee_per_byte","missed","needed","nonce","offset_ms","proven","rtt_ms","valid_until","work"]);

/** Properties that are amounts of the coin. */
export const AMOUNTS: ReadonlySet<string> = new Set(["amount","balance","fee"]);

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
export type Action = {
  readonly memo: string;
  readonly outputs: readonly Output[];
  readonly type: "transfer";
} | Content & {
  readonly topic: string;
} & {
  readonly type: "record";
} | {
  /** The agreement's id. */
  readonly agreement: string;
  readonly deadline: string;
  /** SHA-256 of the document. */
  readonly document: string;
  readonly parties: readonly string[];
  readonly title: string;
  readonly type: "propose";
} | {
  readonly agreement: string;
  readonly document: string;
  readonly response: Response;
  readonly type: "respond";
} | {
  readonly agreement: string;
  readonly type: "withdraw";
} | {
  readonly change: MemberChange;
  /** The motion's id. */
  readonly motion: string;
  readonly reason: string;
  readonly type: "motion";
  readonly until: string;
} | {
  readonly motion: string;
  readonly type: "ballot";
  readonly yes: boolean;
} | {
  /** Its new governor; none if that stays. */
  readonly governor?: string | null;
  /** Its new member key; none if that stays. */
  readonly key?: string | null;
  readonly member: string;
  readonly type: "keys";
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

/** What a record holds: data, or the hash of a document that is elsewhere. */
export type Content = {
  /** The data in hex; none for a document. */
  readonly data?: string | null;
  /** SHA-256 of the data or the document; it is found by this. */
  readonly hash: string;
  /** What the document is called; none for data. */
  readonly name?: string | null;
  /** The data as text, if that is what it is. */
  readonly text?: string | null;
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
export type Event = {
  readonly hash: string;
  readonly height: bigint;
  /** The member if the network's definition names it, else its key. */
  readonly miner: string;
  readonly transactions: number;
  readonly type: "block";
} | {
  readonly depth: number;
  readonly from: string;
  readonly height: bigint;
  readonly to: string;
  readonly type: "reorg";
} | {
  readonly id: string;
  readonly type: "transaction";
} | {
  readonly id: string;
  readonly reason: string;
  readonly type: "dropped";
} | {
  readonly id: string;
  readonly status: AgreementStatus;
  readonly type: "agreement";
} | {
  readonly id: string;
  /** `moved`, `passed`, `rejected`, `expired`, `replaced`, `applied` or `dropped`. */
  readonly state: string;
  readonly type: "motion";
} | {
  readonly final: boolean;
  readonly hash: string;
  readonly height: bigint;
  /** Their ids. */
  readonly members: readonly string[];
  readonly type: "members";
} | {
  /** Milliseconds since its date, by this node's clock. */
  readonly after_ms: bigint;
  readonly hash: string;
  readonly height: bigint;
  readonly type: "final";
} | Turnout & {
  /** The height of the newest final block. */
  readonly height: bigint;
  /** The date of the first block above it. */
  readonly since: string;
} & {
  readonly type: "finality_stalled";
} | {
  readonly id: string;
  /** `double` or `surround`. */
  readonly offence: string;
  readonly type: "member_fault";
} | {
  readonly hash: string;
  readonly height: bigint;
  readonly type: "finality_conflict";
} | {
  readonly id: string;
  readonly status: PeerStatus;
  readonly type: "peer";
  readonly why?: string | null;
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
export type MemberChange = {
  /** The address that speaks for it. */
  readonly governor: string;
  readonly id: string;
  /** Its member key. */
  readonly key: string;
  /** What people call it; may be empty. */
  readonly name: string;
  readonly type: "add";
} | {
  readonly id: string;
  readonly type: "remove";
} | {
  readonly governor: string;
  readonly id: string;
  readonly type: "governor";
} | {
  readonly height: bigint;
  readonly type: "upgrade";
  readonly version: number;
} | {
  readonly governor?: string | null;
  readonly id: string;
  readonly key?: string | null;
  readonly type: "keys";
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
  /** What went to or came from others, without a sign and without the fee; a reward includes its block's fees. */
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
export type MovementAction = "transfer" | "record" | "propose" | "respond" | "withdraw" | "motion" | "ballot" | "keys" | "reward";

/** Which way coins went, as seen from the address: `self` if to nobody else. */
export type MovementDirection = "in" | "out" | "self" | "reward";

export type NetworkStatus = {
  /**
   * Twenty digits that people compare by phone: they stand for the CA and the id. Null if none of the node's roots has signed
   * its certificate.
   */
  readonly code?: string | null;
  readonly decimals: number;
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
};

/** How the node stands. */
export type NodeState = "ready" | "held" | "stalled" | "unwritten" | "silent" | "not-listed" | "alone" | "syncing" | "starting" | "clock-off" | "tip-ahead" | "disk-full" | "outdated" | "two-histories" | "certificate-not-yet-valid" | "certificate-expired" | "certificate-revoked" | "removed";

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

/** RFC 9457 problem details: every error of the API. */
export type Problem = {
  readonly detail: string;
  readonly status: number;
  readonly title: string;
  /** `about:blank` or a stable name of the problem, such as `urn:bouya:insufficient-balance`. */
  readonly type: string;
};

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
export type Record = Content & {
  readonly confirmations: bigint;
  /** The members have voted its block final: it never changes. */
  readonly final: boolean;
  readonly height: bigint;
  /** Address of the sender. */
  readonly sender: string;
  /** Whose that address is; null if no member's. */
  readonly sender_name?: AddressName | null;
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
export type Voting = "votes" | "observes" | "asking" | "no-record" | "twin" | "two-histories";
