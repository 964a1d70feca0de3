"""The texts and words that `store` measures the two models with."""

# MiniLM reads these in notebook 04: each text twice, with another adjective, or another pronoun. `it` finds
# what the adjective fits in the first three; in the others it does not.
SENTENCES = (
    "The cat drank milk because it was thirsty.", "The cat drank milk because it was fresh.",
    "The horse ate the grass because it was hungry.", "The horse ate the grass because it was green.",
    "The bird ate the seed because it was hungry.", "The bird ate the seed because it was tasty.",
    "The milk was drunk by the cat because it was thirsty.",
    "The milk was drunk by the cat because it was fresh.",
    "The trophy did not fit into the suitcase because it was too big.",
    "The trophy did not fit into the suitcase because it was too small.",
    "The queen called the king because she was ill.", "The queen called the king because he was ill.",
)  # fmt: skip

# "The chicken ate the corn because it was hungry" or "yellow": the first adjective fits the first noun, the
# second the second.
PAIRS = (
    ("chicken", "ate the", "corn", "hungry", "yellow"), ("dog", "chewed the", "bone", "bored", "broken"),
    ("bird", "picked up the", "seed", "hungry", "ripe"), ("baby", "drank the", "juice", "thirsty", "sweet"),
    ("monkey", "peeled the", "banana", "greedy", "ripe"), ("bear", "ate the", "honey", "hungry", "sweet"),
    ("mouse", "stole the", "cheese", "clever", "yellow"), ("cow", "drank the", "water", "thirsty", "clean"),
    ("rabbit", "ate the", "carrot", "hungry", "crisp"), ("lion", "tore the", "meat", "angry", "tender"),
    ("goat", "chewed the", "shirt", "curious", "cotton"), ("boy", "ate the", "cake", "greedy", "delicious"),
    ("girl", "read the", "book", "curious", "funny"), ("pig", "ate the", "apple", "hungry", "rotten"),
    ("wolf", "left the", "cave", "afraid", "dark"), ("duck", "crossed the", "pond", "brave", "shallow"),
    ("spider", "left the", "web", "tired", "broken"), ("fox", "watched the", "river", "patient", "deep"),
    ("sheep", "jumped over the", "fence", "scared", "low"), ("cat", "slept on the", "bed", "tired", "soft"),
    ("bee", "visited the", "flower", "busy", "open"), ("snake", "lay on the", "stone", "sleepy", "warm"),
    ("elephant", "pushed the", "tree", "strong", "rotten"),
    ("fish", "jumped into the", "pool", "happy", "cold"),
)  # fmt: skip

# SmolLM2 reads these in notebook 13; the last is a row of words, twice.
PLAIN = (
    "The cat drank milk because it was thirsty.",
    "When the rain stopped, the children ran out into the garden to play.",
    "A good teacher explains a hard thing in simple words, and then asks a question.",
    "The old man sat by the river and watched the boats go past.",
    "Water boils at a lower temperature on a high mountain.",
)
REPEATED = " " + " ".join(
    "lamp river seven queen bread cloud horse paper winter gold tiger door song egg blue market".split() * 2  # noqa: SIM905
)
FACTS = (  # what the lens looks at: a text, and the token that should come next
    ("The capital of France is", " Paris"),
    ("The opposite of hot is", " cold"),
    ("The largest ocean on Earth is the", " Pacific"),
    ("Two plus two equals", " four"),
)
BEGINNINGS = (
    "The capital of France is", "The cat drank milk because", "Once upon a time", "The best way to learn is",
)  # fmt: skip

WORDS = tuple(
    """
    king queen prince princess lord lady man woman boy girl father mother brother sister son daughter uncle
    aunt husband wife baby child friend teacher student doctor nurse lawyer judge soldier farmer writer singer
    actor cat dog kitten puppy horse cow pig sheep goat rabbit mouse rat lion tiger bear wolf fox elephant
    monkey snake bird eagle duck chicken fish shark whale frog bee spider apple banana orange lemon grape
    cherry peach bread butter cheese milk water juice wine beer coffee tea sugar salt rice soup cake meat egg
    potato tomato onion paris london berlin rome madrid tokyo moscow france england germany italy spain japan
    russia china india french english german italian spanish japanese russian chinese red blue green yellow
    black white brown pink purple grey one two three four five six seven eight nine ten hundred thousand
    monday tuesday friday sunday january march july december summer winter spring autumn house home room
    kitchen door window wall roof garden street road bridge city village river lake sea mountain forest desert
    island beach car bus train plane ship boat bicycle chair table sofa bed lamp book pen paper computer phone
    sun moon star rain snow wind storm cloud fire ice happy sad angry afraid big small large tiny hot cold
    warm fast slow good bad better best old young new walk walked run ran eat ate drink drank sing sang swim
    swam see saw go went bank money gold silver iron music song guitar piano violin
    """.split()  # noqa: SIM905
)


def sentence(pair: tuple[str, ...], adjective: str) -> str:
    """A sentence of `PAIRS`."""
    animal, does, thing, *_ = pair
    return f"The {animal} {does} {thing} because it was {adjective}."


def question(pair: tuple[str, ...], adjective: str) -> str:
    """The sentence, and a question that the next token answers."""
    return f"{sentence(pair, adjective)} Question: What was {adjective}? Answer: The"
