"""What a Redis does in one step, for one slot."""

from hashlib import sha1

# KEYS: a record, the ids of events that count in it, who was logged in as it (or none).
# A record begins with a token that changes with each change: only on top of what was read.
CHANGE = b"""
local record, ids, logins = KEYS[1], KEYS[2], KEYS[3]
local token, value, seconds, fresh, ids_seconds, ids_most, forget = unpack(ARGV)
if redis.call('GETRANGE', record, 0, 7) ~= token then return 0 end
if tonumber(seconds) > 0 then
    redis.call('SET', record, value, 'EX', seconds)
else
    redis.call('SET', record, value)
end
if forget == '1' then redis.call('UNLINK', ids) end
if fresh ~= '' then
    local length = redis.call('APPEND', ids, fresh)
    if length > tonumber(ids_most) then
        redis.call('SET', ids, redis.call('GETRANGE', ids, -tonumber(ids_most), -1))
    end
    redis.call('EXPIRE', ids, ids_seconds)
end
for place = 8, #ARGV do redis.call('HSET', logins, ARGV[place], '1') end
return 1
"""

# KEYS: as above, and where the logins are put aside. Nobody has joined since they were read, or
# nothing is done.
WIPE = b"""
local record, ids, logins, aside = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local count, value, seconds = unpack(ARGV)
local marks = redis.call('HKEYS', logins)
if #marks ~= tonumber(count) then return 0 end
for _, mark in ipairs(marks) do redis.call('HSET', aside, mark, '1') end
redis.call('UNLINK', logins)
redis.call('SET', record, value, 'EX', seconds)
redis.call('UNLINK', ids)
return 1
"""

# KEYS: a record, the ids of events that count in it.
LEAVE = b"""
if redis.call('GETRANGE', KEYS[1], 0, 7) ~= ARGV[1] then return 0 end
redis.call('UNLINK', KEYS[1], KEYS[2])
return 1
"""

# KEYS: a record.
LAST = b"""
if redis.call('GETRANGE', KEYS[1], 0, 7) ~= ARGV[1] then return 0 end
return redis.call('EXPIRE', KEYS[1], ARGV[2])
"""

# KEYS: the weights, what says that this batch is in them (or none).
WEIGH = b"""
if #KEYS > 1 and not redis.call('SET', KEYS[2], '1', 'NX', 'EX', ARGV[1]) then return 0 end
for place = 2, #ARGV, 2 do
    redis.call('HINCRBYFLOAT', KEYS[1], ARGV[place], ARGV[place + 1])
end
return 1
"""

_NAMES = {
    script: sha1(script, usedforsecurity=False).hexdigest().encode()
    for script in (CHANGE, WIPE, LEAVE, LAST, WEIGH)
}
_TEXTS = {name: script for script, name in _NAMES.items()}


def call(script: bytes, keys: tuple[bytes, ...], *values: bytes) -> tuple[bytes, ...]:
    """The command that runs ``script``, which the server may not know yet."""
    return (b"EVALSHA", _NAMES[script], b"%d" % len(keys), *keys, *values)


def by_text(words: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """The same command for a server that does not know the script."""
    if words[0] != b"EVALSHA":
        return words
    return (b"EVAL", _TEXTS[words[1]], *words[2:])
