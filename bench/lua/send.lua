-- Load for wrk: METHOD, BODY and HEADERS of the environment, and of the lines of LINES (codes, tokens) one
-- for each request: put in place of %LINE% in body or headers, in order; AGAIN=1 goes round when they are
-- used up, otherwise the rest counts as starved. ROTATE=1 takes the next refresh token from each answer.
-- CHECK=1 looks into every answer for EXPECT; without it only wrk's own count of statuses is kept, as
-- looking costs the load generator time that it would take from the servers.
local method, body = os.getenv("METHOD") or "GET", os.getenv("BODY") or ""
local again, rotate = os.getenv("AGAIN") == "1", os.getenv("ROTATE") == "1"
local lines, headers, header_line = {}, {}, nil
local first, last = 1, 0

if os.getenv("LINES") then
    for line in io.lines(os.getenv("LINES")) do last = last + 1; lines[last] = line end
end
for line in (os.getenv("HEADERS") or ""):gmatch("[^\n]+") do
    local name, value = line:match("^([^:]+):%s*(.*)$")
    headers[name] = value
    if value:find("%LINE%", 1, true) then header_line = name end
end

local threads = {}
function setup(thread) table.insert(threads, thread) end
function init() good, bad, starved, first_bad = 0, 0, 0, "" end

local pattern = header_line and headers[header_line]
local plain = body
if method == "POST" then headers["Content-Type"] = "application/x-www-form-urlencoded" end

function request()
    if last == 0 then return wrk.format(method, nil, headers, plain) end
    local line = lines[first]
    if not line then
        if again then first = 1; line = lines[1] else starved = starved + 1; line = "none" end
    end
    first = first + 1
    if header_line then headers[header_line] = pattern:gsub("%%LINE%%", function() return line end) end
    return wrk.format(method, nil, headers, (plain:gsub("%%LINE%%", function() return line end)))
end

local function look(status, _, text)
    local expect = os.getenv("EXPECT") or ""
    if status == 200 and (expect == "" or text:find(expect, 1, true)) then
        good = good + 1
        if rotate then last = last + 1; lines[last] = text:match('"refresh_token"%s*:%s*"([^"]+)"') end
    else
        bad = bad + 1
        if first_bad == "" then first_bad = status .. " " .. text:sub(1, 160) end
    end
end
local looking = rotate or os.getenv("CHECK") == "1"
if looking then response = look end

function done(summary, latency)
    local all_good, all_bad, all_starved, why = 0, 0, 0, ""
    for _, thread in ipairs(threads) do
        all_good = all_good + thread:get("good")
        all_bad = all_bad + thread:get("bad")
        all_starved = all_starved + thread:get("starved")
        if why == "" then why = thread:get("first_bad") end
    end
    local errors = summary.errors
    if not looking then all_bad = errors.status; all_good = summary.requests - all_bad end
    print(string.format("RESULT %.1f %.3f %.3f %d %d %d", all_good / (summary.duration / 1e6), latency:percentile(50) / 1000,
        latency:percentile(99) / 1000, all_bad, errors.connect + errors.read + errors.write + errors.timeout, all_starved))
    if all_bad > 0 then print("FIRSTBAD " .. why) end
end
