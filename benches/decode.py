"""The same replies by Python's json and pandas: `cargo xtask bench decode` runs this."""

import json
import statistics
import sys
import time

import pandas as pd


def market_chart(text):
    reply = json.loads(text)
    frames = [
        pd.DataFrame(reply[name], columns=["at", name]).set_index("at")
        for name in ("prices", "market_caps", "total_volumes")
    ]
    frame = frames[0].join(frames[1:]).reset_index()
    frame["at"] = pd.to_datetime(frame["at"], unit="ms", utc=True)
    return frame


def time_series(text):
    frame = pd.DataFrame(json.loads(text)["values"])
    frame["datetime"] = pd.to_datetime(frame["datetime"], utc=True)
    for name in ("open", "high", "low", "close", "volume"):
        frame[name] = frame[name].astype("float64")
    return frame


def median(call, text):
    times, begun = [], time.perf_counter()
    while time.perf_counter() - begun < 1 or len(times) < 20:
        start = time.perf_counter()
        frame = call(text)
        times.append(time.perf_counter() - start)
    return statistics.median(times), len(frame)


for name, call in (("market_chart", market_chart), ("time_series", time_series)):
    with open(f"{sys.argv[1]}/{name}.json", "rb") as file:
        text = file.read()
    seconds, rows = median(call, text)
    print(f"{name}\tjson + pandas\t{len(text) / 1e6 / seconds:.1f}\t{rows / seconds:.0f}")
