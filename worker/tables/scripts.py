"""What Redis runs: scripts of at most one write command each, and what each is given."""

from hashlib import sha1


class Script:
    """A Lua script and the digest that Redis knows it by."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.sha = sha1(text.encode(), usedforsecurity=False).hexdigest()


# KEYS head, outbox
PEEK = Script("return redis.call('MGET', KEYS[1], KEYS[2])")

# KEYS head, value…; ARGV head. Values mean something only together with the head they belong to.
LOAD = Script("""
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return false end
if #KEYS == 1 then return {} end
return redis.call('MGET', unpack(KEYS, 2))
""")

# KEYS head, outbox, value…; ARGV old head, new head, outbox, value…
COMMIT = Script("""
local head = redis.call('GET', KEYS[1]) or ''
if head == ARGV[2] then return 'DONE' end
if head ~= ARGV[1] then return 'MOVED' end
local set = {}
for i = 1, #KEYS do
  set[i * 2 - 1] = KEYS[i]
  set[i * 2] = ARGV[i + 1]
end
redis.call('MSET', unpack(set))
return 'OK'
""")

UNINDEXED = b"UNINDEXED"

# KEYS head, outbox, value…, index; ARGV old head, new head, outbox, value…, entry…
COMMIT_INDEXED = Script("""
local head = redis.call('GET', KEYS[1]) or ''
if head == ARGV[2] then return 'DONE' end
if head ~= ARGV[1] then return 'MOVED' end
for i = #KEYS + 1, #ARGV, 1000 do
  local held = redis.call('ZMSCORE', KEYS[#KEYS], unpack(ARGV, i, math.min(i + 999, #ARGV)))
  for j = 1, #held do
    if not held[j] then return 'UNINDEXED' end
  end
end
local set = {}
for i = 1, #KEYS - 1 do
  set[i * 2 - 1] = KEYS[i]
  set[i * 2] = ARGV[i + 1]
end
redis.call('MSET', unpack(set))
return 'OK'
""")

# KEYS head, index; ARGV head, then of each range "[first", "(beyond", limit
LOOK = Script("""
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return false end
local found = {}
for i = 2, #ARGV, 3 do
  found[#found + 1] =
    redis.call('ZRANGEBYLEX', KEYS[2], ARGV[i], ARGV[i + 1], 'LIMIT', 0, ARGV[i + 2])
end
return found
""")

# KEYS head, index; ARGV head, entry…
DROP = Script("""
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return end
redis.call('ZREM', KEYS[2], unpack(ARGV, 2))
""")

# KEYS head, value…; ARGV head. How many there were.
DELETE = Script("""
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return end
return redis.call('DEL', unpack(KEYS, 2))
""")

# KEYS head, outbox; ARGV head. DEL, because Redis carries it out also when its memory is full.
TRIM = Script(
    "if (redis.call('GET', KEYS[1]) or '') == ARGV[1] then redis.call('DEL', KEYS[2]) end"
)
