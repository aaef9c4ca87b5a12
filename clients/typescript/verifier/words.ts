// What the verifier says, in English and French. Plain words first; the terms of experts stand in the details.

import type { Fault } from "./judge.js";

/** Names are put between these by the page, so that what strangers wrote cannot turn the sentence around it. */
export interface Words {
  readonly language: "en" | "fr";
  readonly heads: { readonly proven: string; readonly signed: string; readonly wrong: string; readonly another: string; readonly finalProof: string };
  /** Before and behind the network's name. */
  readonly byDefinition: readonly [string, string];
  readonly byTrust: string;
  /** Before and behind the name of the file with the override. */
  readonly byOverride: readonly [string, string];
  /** Where a node vouches for the last block. */
  readonly byNode: { readonly proven: string; readonly final: (height: string) => string; readonly faults: { readonly [fault in "network" | "no-ground" | "other-block" | "not-final"]: string } };
  readonly signedOnly: string;
  readonly faults: { readonly [fault in Fault]: string };
  readonly labels: { readonly [label in "says" | "outcome" | "signed" | "when" | "final" | "document" | "details" | "reason"]: string };
  readonly terms: { readonly [term in "transaction" | "agreement" | "motion" | "key" | "address" | "block" | "anchor" | "document" | "network" | "work" | "fee" | "memo"]: string };
  readonly actions: {
    readonly pays: string;
    readonly to: string;
    readonly units: (count: string) => string;
    readonly recordsData: (bytes: number) => string;
    readonly recordsDocument: string;
    readonly under: string;
    readonly proposes: string;
    readonly withParties: string;
    readonly until: (date: string) => string;
    readonly signs: string;
    readonly refuses: string;
    readonly withdraws: string;
    readonly moves: { readonly add: string; readonly remove: string; readonly governor: string; readonly upgrade: (version: number, height: string) => string };
    readonly ballot: (yes: boolean) => string;
    readonly keys: string;
    readonly deploys: string;
    readonly calls: string;
    readonly withCoins: string;
  };
  /** What became of a deployment or a call; `elsewhere` where the receipt does not have it. */
  readonly outcome: { readonly [part in "done" | "failed" | "failedMeans" | "gives" | "tells" | "elsewhere"]: string };
  readonly member: (isProven: boolean) => string;
  readonly nobody: string;
  readonly unknownSigner: string;
  readonly inBlock: (height: string, date: string) => string;
  readonly between: (before: string, after: string | null) => string;
  readonly madeBy: string;
  readonly finalWith: (height: string, date: string) => string;
  readonly signedBy: string;
  readonly unless: (guilty: number, count: number) => string;
  readonly changes: (count: number) => string;
  readonly overridden: (height: string) => string;
  readonly trusted: (height: string) => string;
  readonly notShown: string;
  readonly same: string;
  readonly other: string;
  readonly none: string;
  readonly compare: string;
  readonly finalBlock: (height: string, date: string) => string;
  readonly page: {
    readonly title: string;
    readonly lead: string;
    readonly drop: string;
    readonly choose: string;
    readonly local: string;
    /** In a node's pages. */
    readonly dropReceipt: string;
    readonly chooseReceipt: string;
    readonly byNode: string;
    readonly alone: string;
    readonly save: string;
    readonly kinds: { readonly receipt: string; readonly network: string; readonly override: string; readonly document: string };
    readonly missing: { readonly receipt: string; readonly network: string; readonly document: string };
    readonly remove: string;
    readonly trust: string;
    readonly trustHint: string;
    readonly badHash: string;
    readonly caution: string;
    readonly reading: string;
    readonly unreadable: (name: string) => string;
    /** Before and behind the files' names. */
    readonly differ: readonly [string, string];
  };
}

const en: Words = {
  language: "en",
  heads: { proven: "Proven", signed: "Signed, but not proven", wrong: "Not proven", another: "This is another document", finalProof: "This block is final" },
  byDefinition: ["It stands on the ledger of the network “", "”. The members have made it final: it never changes."],
  byTrust: "It stands on the ledger, under the block that you trust.",
  byOverride: [" The file “", "” decides who the members are: rely on this only if you have that file from your own node or from a member."],
  byNode: {
    proven: "It stands on this node’s ledger, and the members have made it final: it never changes.",
    final: (height) => `It ends at block ${height}, which this node has as final.`,
    faults: {
      network: "This receipt is of another network than this node’s.",
      "no-ground": "This node does not have the block at which the receipt ends: it may be behind, or it keeps newer blocks only. The verifier that works from a file needs no node.",
      "other-block": "This node has another block at the height where the receipt ends. Either the receipt comes from elsewhere, or this node is not in touch with its network.",
      "not-final": "This node has the block at which the receipt ends, but the members have not made it final yet: it may still change.",
    },
  },
  signedOnly: "Who signed it is certain. That it stands on a ledger is not: anyone could have made the rest of this file.",
  faults: {
    form: "This is not a receipt, or its text was changed after it was made. Ask for the receipt again.",
    forged: "Something in this receipt is false: it was changed or forged. Do not rely on it.",
    network: "This receipt is of another network than the one in network.toml. Use that network’s file.",
    "not-final": "The receipt holds no votes of the members, so network.toml alone does not prove it. Ask for it again now that its block is final, or give the hash of a block that you trust.",
    members: "Those who signed are not enough of the members that network.toml leads to. Either the receipt is forged, or the members were once decided by hand: then add that network’s override.toml, from your own node or from a member, not from whoever sent the receipt.",
    "other-block": "The receipt ends at another block than the one that you trust. Ask for one that ends at yours.",
    "other-document": "The receipt is about another document than this file. Even one changed character makes another document.",
    "no-document": "The transaction is about no document.",
    definition: "The network’s file cannot be used.",
    "no-ground": "To prove it, add the network’s file network.toml. Have it from your own node or from a member, not from whoever sent the receipt.",
  },
  labels: { says: "What it says", outcome: "What came of it", signed: "Signed by", when: "When", final: "Final", document: "Document", details: "For experts", reason: "Why, in the checker’s words" },
  terms: {
    transaction: "Transaction", agreement: "Agreement", motion: "Motion", key: "Key", address: "Address", block: "Its block", anchor: "The block that it ends at",
    document: "SHA-256 of the document", network: "Network", work: "Work from its block on, in hashes", fee: "Fee", memo: "Memo",
  },
  actions: {
    pays: "Pays ", to: " to ", units: (count) => `${count} of the coin’s smallest unit`,
    recordsData: (bytes) => `Records ${bytes} bytes of data under `, recordsDocument: "Records the document ", under: " under ",
    proposes: "Proposes and signs the agreement ", withParties: " with ", until: (date) => `, open until ${date}`,
    signs: "Signs an agreement about a document", refuses: "Refuses an agreement about a document", withdraws: "Withdraws a proposed agreement",
    moves: { add: "Moves to make a member of ", remove: "Moves to remove the member ", governor: "Moves to let another address speak for the member ", upgrade: (version, height) => `Moves to give blocks the version ${version} from height ${height} on` },
    ballot: (yes) => `Votes ${yes ? "yes" : "no"} on a motion`, keys: "Changes the keys of the member ",
    deploys: "Deploys the contract ", calls: "Calls the contract ", withCoins: ", with ",
  },
  outcome: {
    done: "Done.", failed: "Failed.", failedMeans: " It has cost its fee; its coins went back, and it changed nothing else.",
    gives: "Gives back, in hex: ", tells: "Says under ", elsewhere: "This receipt does not say whether it failed or what the contract did.",
  },
  member: (isProven) => (isProven ? "for the member " : "for the member, as this node says, "),
  nobody: "an address that spoke for no member then",
  unknownSigner: "the owner of the address",
  inBlock: (height, date) => `In block ${height}, made on ${date}`,
  between: (before, after) => `After ${before}${after === null ? "" : ` and before ${after}`}, if those who made these blocks have right clocks.`,
  madeBy: " by ",
  finalWith: (height, date) => `Final with block ${height}, made on ${date}. `,
  signedBy: "Voted for by ",
  unless: (guilty, count) => `. This is false only if at least ${guilty} of all ${count} members have signed two histories.`,
  changes: (count) => (count === 1 ? " The members have changed once since network.toml; that change was proven too." : ` The members have changed ${count} times since network.toml; each change was proven too.`),
  overridden: (height) => ` After block ${height}, people decided by hand who the members are, as override.toml says.`,
  trusted: (height) => `It ends at block ${height}, which is the one that is trusted. Whether the members made that block final was not looked at.`,
  notShown: "Not known.",
  same: "The same file: not one character is different.",
  other: "Another file.",
  none: "The transaction is about no document, so there is nothing to compare.",
  compare: "To compare, add the document.",
  finalBlock: (height, date) => `Block ${height}, made on ${date}, and all that it stands on never change.`,
  page: {
    title: "Verify a receipt",
    lead: "A receipt proves that something was signed and stands on a ledger. This page checks it.",
    drop: "Drop the receipt, network.toml and the document here",
    choose: "Choose files",
    local: "Everything happens in this page. It works without a network, and no file leaves this machine.",
    dropReceipt: "Drop a receipt on any page, or choose it here. A document that is dropped after it is compared.",
    chooseReceipt: "Choose a receipt",
    byNode: "Checked in this page, against this node’s ledger. Nothing of the file was sent.",
    alone: "Who has no node needs the receipt, network.toml, and this page as a file: ",
    save: "Save the verifier",
    kinds: { receipt: "Receipt", network: "Network", override: "Override", document: "Document" },
    missing: { receipt: "no receipt yet", network: "no network.toml yet", document: "optional: the document that it is about" },
    remove: "Remove",
    trust: "Hash of a block that you trust",
    trustHint: "Instead of network.toml",
    badHash: "A hash has 64 digits, 0 to 9 and a to f.",
    caution: "Have network.toml from your own node or from a member, not from whoever sent the receipt.",
    reading: "Checking…",
    unreadable: (name) => `${name} cannot be read. If it is a folder, choose the files in it.`,
    differ: ["These files differ, and only one of them can count: ", ". Nothing is checked before you remove the others. Keep the one that you have from your own node or from a member."],
  },
};

const fr: Words = {
  language: "fr",
  heads: { proven: "Prouvé", signed: "Signé, mais pas prouvé", wrong: "Pas prouvé", another: "C’est un autre document", finalProof: "Ce bloc est définitif" },
  byDefinition: ["C’est inscrit au registre du réseau « ", " ». Les membres l’ont rendu définitif : cela ne changera jamais."],
  byTrust: "C’est inscrit au registre, sous le bloc auquel vous vous fiez.",
  byOverride: [" Le fichier « ", " » décide qui sont les membres : ne vous y fiez que si vous tenez ce fichier de votre propre nœud ou d’un membre."],
  byNode: {
    proven: "C’est inscrit au registre de ce nœud, et les membres l’ont rendu définitif : cela ne changera jamais.",
    final: (height) => `Il aboutit au bloc ${height}, que ce nœud tient pour définitif.`,
    faults: {
      network: "Ce reçu vient d’un autre réseau que celui de ce nœud.",
      "no-ground": "Ce nœud n’a pas le bloc auquel le reçu aboutit : il est peut-être en retard, ou ne garde que des blocs plus récents. Le vérificateur enregistré comme fichier se passe de nœud.",
      "other-block": "Ce nœud a un autre bloc à la hauteur où le reçu aboutit. Ou bien le reçu vient d’ailleurs, ou bien ce nœud n’est pas en contact avec son réseau.",
      "not-final": "Ce nœud a le bloc auquel le reçu aboutit, mais les membres ne l’ont pas encore rendu définitif : cela peut encore changer.",
    },
  },
  signedOnly: "Le signataire est certain. L’inscription à un registre ne l’est pas : n’importe qui a pu fabriquer le reste de ce fichier.",
  faults: {
    form: "Ce n’est pas un reçu, ou son texte a été modifié. Redemandez le reçu.",
    forged: "Quelque chose est faux dans ce reçu : il a été modifié ou forgé. Ne vous y fiez pas.",
    network: "Ce reçu vient d’un autre réseau que celui de network.toml. Utilisez le fichier de ce réseau.",
    "not-final": "Le reçu ne contient aucun vote des membres : network.toml ne suffit pas à le prouver. Redemandez-le maintenant que son bloc est définitif, ou donnez l’empreinte d’un bloc auquel vous vous fiez.",
    members: "Ceux qui ont signé ne sont pas assez nombreux parmi les membres auxquels mène network.toml. Ou bien le reçu est forgé, ou bien les membres ont un jour été fixés à la main : ajoutez alors le fichier override.toml de ce réseau, pris sur votre propre nœud ou chez un membre, non auprès de celui qui a envoyé le reçu.",
    "other-block": "Le reçu aboutit à un autre bloc que celui auquel vous vous fiez. Demandez-en un qui aboutisse au vôtre.",
    "other-document": "Le reçu porte sur un autre document que ce fichier. Un seul caractère modifié en fait un autre document.",
    "no-document": "La transaction ne porte sur aucun document.",
    definition: "Le fichier du réseau est inutilisable.",
    "no-ground": "Pour le prouver, ajoutez le fichier network.toml du réseau. Prenez-le sur votre propre nœud ou chez un membre, non auprès de celui qui a envoyé le reçu.",
  },
  labels: { says: "Ce que cela dit", outcome: "Ce qu’il en est résulté", signed: "Signé par", when: "Quand", final: "Définitif", document: "Document", details: "Pour les spécialistes", reason: "Pourquoi, dans les mots du vérificateur (en anglais)" },
  terms: {
    transaction: "Transaction", agreement: "Accord", motion: "Motion", key: "Clé", address: "Adresse", block: "Son bloc", anchor: "Le bloc auquel il aboutit",
    document: "SHA-256 du document", network: "Réseau", work: "Travail à partir de son bloc, en hachages", fee: "Frais", memo: "Mention",
  },
  actions: {
    pays: "Paie ", to: " à ", units: (count) => `${count} de la plus petite unité de la monnaie`,
    recordsData: (bytes) => `Consigne ${bytes} octets de données sous `, recordsDocument: "Consigne le document ", under: " sous ",
    proposes: "Propose et signe l’accord ", withParties: " avec ", until: (date) => `, ouvert jusqu’au ${date}`,
    signs: "Signe un accord sur un document", refuses: "Refuse un accord sur un document", withdraws: "Retire une proposition d’accord",
    moves: { add: "Propose d’admettre comme membre ", remove: "Propose d’exclure le membre ", governor: "Propose qu’une autre adresse parle pour le membre ", upgrade: (version, height) => `Propose de donner aux blocs la version ${version} à partir de la hauteur ${height}` },
    ballot: (yes) => `Vote ${yes ? "oui" : "non"} sur une motion`, keys: "Change les clés du membre ",
    deploys: "Déploie le contrat ", calls: "Appelle le contrat ", withCoins: ", avec ",
  },
  outcome: {
    done: "Réussi.", failed: "Échoué.", failedMeans: " Il en a coûté les frais ; les pièces sont revenues, et rien d’autre n’a changé.",
    gives: "Rend, en hexadécimal : ", tells: "Dit sous ", elsewhere: "Ce reçu ne dit pas si cet appel ou ce déploiement a échoué, ni ce que le contrat a fait.",
  },
  member: (isProven) => (isProven ? "pour le membre " : "pour le membre, selon ce nœud, "),
  nobody: "une adresse qui ne parlait alors pour aucun membre",
  unknownSigner: "le détenteur de l’adresse",
  inBlock: (height, date) => `Dans le bloc ${height}, fait le ${date}`,
  between: (before, after) => `Après le ${before}${after === null ? "" : ` et avant le ${after}`}, si les horloges des auteurs de ces blocs sont justes.`,
  madeBy: " par ",
  finalWith: (height, date) => `Définitif avec le bloc ${height}, fait le ${date}. `,
  signedBy: "Voté par ",
  unless: (guilty, count) => `. Ce n’est faux que si au moins ${guilty} des ${count} membres ont signé deux histoires.`,
  changes: (count) => (count === 1 ? " Les membres ont changé une fois depuis network.toml ; ce changement aussi est prouvé." : ` Les membres ont changé ${count} fois depuis network.toml ; chaque changement aussi est prouvé.`),
  overridden: (height) => ` Après le bloc ${height}, les membres ont été fixés à la main, comme le dit override.toml.`,
  trusted: (height) => `Il aboutit au bloc ${height}, celui auquel on se fie. Que les membres aient rendu ce bloc définitif n’a pas été examiné.`,
  notShown: "Inconnu.",
  same: "Le même fichier : pas un caractère ne diffère.",
  other: "Un autre fichier.",
  none: "La transaction ne porte sur aucun document ; il n’y a rien à comparer.",
  compare: "Pour comparer, ajoutez le document.",
  finalBlock: (height, date) => `Le bloc ${height}, fait le ${date}, et tout ce sur quoi il repose ne changeront jamais.`,
  page: {
    title: "Vérifier un reçu",
    lead: "Un reçu prouve que quelque chose a été signé et est inscrit à un registre. Cette page le vérifie.",
    drop: "Déposez ici le reçu, network.toml et le document",
    choose: "Choisir des fichiers",
    local: "Tout se passe dans cette page. Elle fonctionne sans réseau, et aucun fichier ne quitte cette machine.",
    dropReceipt: "Déposez un reçu sur n’importe quelle page, ou choisissez-le ici. Un document déposé ensuite est comparé.",
    chooseReceipt: "Choisir un reçu",
    byNode: "Vérifié dans cette page, avec le registre de ce nœud. Rien du fichier n’a été envoyé.",
    alone: "Qui n’a pas de nœud a besoin du reçu, de network.toml et de cette page comme fichier : ",
    save: "Enregistrer le vérificateur",
    kinds: { receipt: "Reçu", network: "Réseau", override: "Décision manuelle", document: "Document" },
    missing: { receipt: "pas encore de reçu", network: "pas encore de network.toml", document: "facultatif : le document dont il s’agit" },
    remove: "Retirer",
    trust: "Empreinte d’un bloc auquel vous vous fiez",
    trustHint: "Au lieu de network.toml",
    badHash: "Une empreinte a 64 chiffres, de 0 à 9 et de a à f.",
    caution: "Prenez network.toml sur votre propre nœud ou chez un membre, non auprès de celui qui a envoyé le reçu.",
    reading: "Vérification…",
    unreadable: (name) => `${name} ne peut pas être lu. Si c’est un dossier, choisissez les fichiers qu’il contient.`,
    differ: ["Ces fichiers diffèrent, et un seul peut compter : ", ". Rien n’est vérifié tant que vous n’avez pas retiré les autres. Gardez celui que vous tenez de votre propre nœud ou d’un membre."],
  },
};

/** The words for the first of the reader's languages that there are any for. */
export const wordsFor = (languages: readonly string[]): Words => {
  const known = languages.map((language) => language.slice(0, 2).toLowerCase()).find((language) => language === "en" || language === "fr");
  return known === "fr" ? fr : en;
};
