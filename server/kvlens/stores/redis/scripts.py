"""The Lua scripts of the Redis store: each runs completely or not at all.

A namespace's keys have a common base, `PREFIX:{NAMESPACE}`; the braces put all of them into one
slot of a cluster. KEYS[1] is the base; `commit` takes those of several namespaces.

    BASE:k:KEY       hash: v the value, m the metadata, e the expiration; the server expires it
    BASE:index       sorted set of all names with score 0, which orders them by bytes
    BASE:expiring    sorted set of the names that expire, by expiration
    BASE:sizes       hash: bytes of the values that expire, for when the server has removed them
    BASE:state       hash: size, bytes of all values; version, grows with every change
    BASE:job         hash: the large change in progress, if any
    BASE:batch:ID    hash: that change's parts;  BASE:cleared:ID  the names that a clear removes
    BASE:done:ID     what a finished job counted, for a while

A large change would block the server for as long as one script takes. So its parts are staged one
by one in a batch. `commit` makes the batch the namespace's job: from then on, the change is final.
Then `advance` applies it part by part. Every other script returns OPEN while there is a job, and
the client that gets OPEN advances the job until it is done, even if the process that began it has
died.
"""

from __future__ import annotations

from typing import NamedTuple

OPEN, DONE = 0, 1  # the first item of every result

PART = 500  # writes or names in one part
LOOKED_AT = 4000  # most names that one list script looks at
PURGED = 1000  # most expired names that one script removes
KEPT = 600  # seconds that a batch without commit, and a job's result, are kept

_COMMON = """
local call, base = redis.call, KEYS[1]
local INDEX, EXPIRING = base .. ':index', base .. ':expiring'
local SIZES, STATE, JOB = base .. ':sizes', base .. ':state', base .. ':job'
local now = tonumber(call('TIME')[1])

local function entry(key) return base .. ':k:' .. key end

local function counted(key)
  return tonumber(call('HGET', SIZES, key) or call('HSTRLEN', entry(key), 'v'))
end

local function grow(by)
  if by ~= 0 then call('HINCRBY', STATE, 'size', by) end -- "-0" is not a number to the server
end

local function forget(key)
  local size = call('HGET', SIZES, key)
  if size then
    grow(-size)
    call('HDEL', SIZES, key)
  end
  call('ZREM', EXPIRING, key)
  call('ZREM', INDEX, key)
end

local function purge(most)
  local gone = call('ZRANGEBYSCORE', EXPIRING, '-inf', now, 'LIMIT', 0, most)
  for _, key in ipairs(gone) do
    call('UNLINK', entry(key))
    forget(key)
  end
  return #gone
end

local function put(key, value, metadata, expires)
  local name, before = entry(key), counted(key)
  local expired = call('HEXISTS', SIZES, key) == 1
  call('HSET', name, 'v', value, 'm', metadata, 'e', expires)
  call('ZADD', INDEX, 0, key)
  if expires ~= '' then
    call('ZADD', EXPIRING, expires, key)
    call('HSET', SIZES, key, #value)
    call('EXPIREAT', name, expires)
  elseif expired then
    call('ZREM', EXPIRING, key)
    call('HDEL', SIZES, key)
    call('PERSIST', name)
  end
  grow(#value - before)
end

local function delete(key)
  local size, live = counted(key), call('UNLINK', entry(key))
  if call('HDEL', SIZES, key) == 1 then call('ZREM', EXPIRING, key) end
  call('ZREM', INDEX, key)
  grow(-size)
  return live
end

local function unchanged(key, hash, metadata, expires)
  local there = call('HMGET', entry(key), 'v', 'm', 'e')
  return there[1] and there[2] == metadata and there[3] == expires
    and redis.sha1hex(there[1]) == hash
end

local function changed() call('HINCRBY', STATE, 'version', 1) end
"""

_UNLESS_OPEN = f"""
if call('EXISTS', JOB) == 1 then return {{{OPEN}}} end
"""


class Script(NamedTuple):
    """A script. One that `changes` adds one to the version, unless its second result is 0."""

    source: str
    changes: bool


def _script(body: str, *, changes: bool = False, always: bool = False) -> Script:
    return Script(_COMMON + ("" if always else _UNLESS_OPEN) + body, changes)


GET = _script(f"""
local found = call('HMGET', entry(ARGV[1]), 'v', 'm', 'e')
if not found[1] then return {{{DONE}}} end
return {{{DONE}, found[1], found[2], found[3]}}
""")

# ARGV: bytes of values after which it stops, names.
GET_MANY = _script(f"""
local left, found = tonumber(ARGV[1]), {{}}
for at = 2, #ARGV do
  local one = call('HMGET', entry(ARGV[at]), 'v', 'm', 'e')
  found[at - 1] = one[1] and one or 0
  left = left - (one[1] and #one[1] or 0)
  if left <= 0 then break end
end
return {{{DONE}, found}}
""")

PUT = _script(
    f"""
for at = 1, #ARGV, 4 do put(ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]) end
changed()
purge(20)
return {{{DONE}}}
""",
    changes=True,
)

# ARGV: name, value, metadata, expiration, and the SHA-1 of the expected value, or '' for no key.
# Returns whether it was put.
PUT_UNCHANGED = _script(
    f"""
local there = call('HGET', entry(ARGV[1]), 'v')
if (there and redis.sha1hex(there) or '') ~= ARGV[5] then return {{{DONE}, 0}} end
put(ARGV[1], ARGV[2], ARGV[3], ARGV[4])
changed()
return {{{DONE}, 1}}
""",
    changes=True,
)

# ARGV: name, value, and the SHA-1 of the expected value, or ''. Returns whether it was replaced; a
# third item if the value differs.
REPLACE = _script(
    f"""
local name = entry(ARGV[1])
local expires = call('HGET', name, 'e')
if not expires then return {{{DONE}, 0}} end
if ARGV[3] ~= '' and redis.sha1hex(call('HGET', name, 'v')) ~= ARGV[3] then
  return {{{DONE}, 0, 1}}
end
local before = counted(ARGV[1])
call('HSET', name, 'v', ARGV[2])
if expires ~= '' then call('HSET', SIZES, ARGV[1], #ARGV[2]) end
grow(#ARGV[2] - before)
changed()
return {{{DONE}, 1}}
""",
    changes=True,
)

DELETE = _script(
    f"""
local count = 0
for _, key in ipairs(ARGV) do count = count + delete(key) end
if count > 0 then changed() end
return {{{DONE}, count}}
""",
    changes=True,
)

# ARGV: name, SHA-1 of the value, metadata, expiration of each key as it was read. Returns how many
# were unchanged and are deleted now, and their names.
DELETE_UNCHANGED = _script(
    f"""
local gone = {{}}
for at = 1, #ARGV, 4 do
  if unchanged(ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3])
      and delete(ARGV[at]) == 1 then
    gone[#gone + 1] = ARGV[at]
  end
end
if #gone > 0 then changed() end
return {{{DONE}, #gone, gone}}
""",
    changes=True,
)

# ARGV: first, last, how many. Returns where to continue ('' at the end) and name, metadata,
# expiration of each key. Names without an entry are removed from the index.
LIST = _script(f"""
purge({PURGED})
local from, want, found, seen = ARGV[1], tonumber(ARGV[3]), {{}}, 0
while from ~= '' and #found < want * 3 and seen < {LOOKED_AT} do
  local asked = want - #found / 3
  local names = call('ZRANGEBYLEX', INDEX, from, ARGV[2], 'LIMIT', 0, asked)
  for _, name in ipairs(names) do
    local about = call('HMGET', entry(name), 'm', 'e')
    if about[2] then
      found[#found + 1] = name
      found[#found + 1] = about[1]
      found[#found + 1] = about[2]
    else
      forget(name)
    end
  end
  seen = seen + #names
  from = #names < asked and '' or '(' .. names[#names]
end
return {{{DONE}, from, found}}
""")

# Returns whether there may be more to purge, the keys, the bytes.
STATS = _script(f"""
local more = purge({PURGED}) == {PURGED} and 1 or 0
return {{{DONE}, more, call('ZCARD', INDEX), tonumber(call('HGET', STATE, 'size') or 0)}}
""")

# ARGV: id, number of the part, the part.
STAGE = _script(
    f"""
local batch = base .. ':batch:' .. ARGV[1]
call('HSET', batch, ARGV[2], ARGV[3])
call('EXPIRE', batch, {KEPT})
return {{{DONE}}}
""",
    always=True,
)

# ARGV: id and number of parts of each namespace's batch, and the version that the namespace must
# have, or ''. Returns 1; 0 if a batch isn't complete, -1 if a namespace has another version; OPEN
# and the namespace if another job is in progress.
COMMIT = _script(
    f"""
local fresh = {{}}
for at, base in ipairs(KEYS) do
  local id, parts, version = ARGV[3 * at - 2], tonumber(ARGV[3 * at - 1]), ARGV[3 * at]
  local job = call('HGET', base .. ':job', 'id')
  if job ~= id and call('EXISTS', base .. ':done:' .. id) == 0 then
    if job then return {{{OPEN}, at}} end
    if call('HLEN', base .. ':batch:' .. id) ~= parts then return {{{DONE}, 0}} end
    if version ~= '' and version ~= (call('HGET', base .. ':state', 'version') or '0') then
      return {{{DONE}, -1}}
    end
    fresh[#fresh + 1] = at
  end
end
for _, at in ipairs(fresh) do
  local base, id, parts = KEYS[at], ARGV[3 * at - 2], ARGV[3 * at - 1]
  call('PERSIST', base .. ':batch:' .. id)
  call('HSET', base .. ':job', 'id', id, 'parts', parts, 'next', 0, 'count', 0)
  call('HINCRBY', base .. ':state', 'version', 1)
end
return {{{DONE}, 1}}
""",
    changes=True,
    always=True,
)

# ARGV: id.
CLEAR = _script(
    f"""
if call('EXISTS', base .. ':done:' .. ARGV[1]) == 1 then return {{{DONE}}} end
local job = call('HGET', JOB, 'id')
if job then return {{job == ARGV[1] and {DONE} or {OPEN}}} end
local count = call('ZCARD', INDEX) - call('ZCOUNT', EXPIRING, '-inf', now)
if call('EXISTS', INDEX) == 1 then call('RENAME', INDEX, base .. ':cleared:' .. ARGV[1]) end
call('UNLINK', EXPIRING, SIZES)
call('HSET', STATE, 'size', 0)
call('HSET', JOB, 'id', ARGV[1], 'kind', 'clear', 'count', count)
changed()
return {{{DONE}}}
""",
    changes=True,
    always=True,
)

# Applies the next part of the job. Returns OPEN while there is more to do.
ADVANCE = _script(
    f"""
local job = call('HMGET', JOB, 'id', 'kind', 'parts', 'next', 'count')
local id, kind, count, finished = job[1], job[2], tonumber(job[5]), false
if not id then return {{{DONE}}} end
if kind == 'clear' then
  local names = call('ZPOPMIN', base .. ':cleared:' .. id, {PART})
  for at = 1, #names, 2 do call('UNLINK', entry(names[at])) end
  finished = #names < 2 * {PART}
else
  local batch, at = base .. ':batch:' .. id, 2
  local part = call('HGET', batch, job[4]) or ''
  while at <= #part do
    local key, value, metadata, expires
    if part:sub(1, 1) == 'p' then
      key, value, metadata, expires, at = struct.unpack('>I4c0I4c0I4c0I4c0', part, at)
      put(key, value, metadata, expires)
    elseif part:sub(1, 1) == 'u' then
      key, value, metadata, expires, at = struct.unpack('>I4c0I4c0I4c0I4c0', part, at)
      if unchanged(key, value, metadata, expires) then count = count + delete(key) end
    else
      key, at = struct.unpack('>I4c0', part, at)
      count = count + delete(key)
    end
  end
  call('HDEL', batch, job[4])
  call('HSET', JOB, 'count', count)
  finished = call('HINCRBY', JOB, 'next', 1) >= tonumber(job[3])
end
if not finished then return {{{OPEN}}} end
call('SET', base .. ':done:' .. id, count, 'EX', {KEPT})
call('DEL', JOB)
return {{{DONE}}}
""",
    always=True,
)

# ARGV: id. Returns the job's result, once.
RESULT = _script(
    f"""
local count = tonumber(call('GET', base .. ':done:' .. ARGV[1]) or 0)
call('DEL', base .. ':done:' .. ARGV[1])
return {{{DONE}, count}}
""",
    always=True,
)

VERSION = _script(f"return {{{DONE}, tonumber(call('HGET', STATE, 'version') or 0)}}", always=True)
