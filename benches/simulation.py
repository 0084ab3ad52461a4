"""Rows of users and trades by what people use for made-up data: `cargo xtask bench simulation` runs this.

    simulation.py BY ROWS FOLDER

BY is faker, mimesis or sdv; what is printed is rows a second, made and written as CSV. One process, one core:
none of the three uses more by itself.
"""

import csv
import random
import sys
import time
from datetime import datetime, timedelta, timezone

BEGINS = datetime(2020, 7, 3, tzinfo=timezone.utc)
COLUMNS = [
    "user_id", "email", "country", "kyc_status", "account_tier", "is_active", "signup_at",
    "acquisition_channel", "name", "phone", "address",
]
COUNTRIES = ["US", "GB", "DE", "CA", "FR", "ES", "NL", "IT"]
CHANNELS = ["organic", "paid_search", "paid_social", "affiliate", "referral"]


def user(number, email, name, phone, address):
    return [
        number,
        email,
        random.choice(COUNTRIES),
        random.choices(["verified", "pending", "rejected"], [70, 20, 10])[0],
        random.choices(["starter", "intermediate", "pro"], [60, 30, 10])[0],
        random.random() < 0.8,
        (BEGINS + timedelta(seconds=random.randrange(86_400 * 365))).isoformat(),
        random.choice(CHANNELS),
        name,
        phone,
        address,
    ]


def by_faker(rows):
    from faker import Faker

    Faker.seed(42)
    fake = Faker()
    for number in range(rows):
        address = fake.address().replace("\n", ", ")
        yield user(number, fake.email(), fake.name(), fake.phone_number(), address)


def by_mimesis(rows):
    from mimesis import Address, Person
    from mimesis.locales import Locale

    person, address = Person(Locale.EN, seed=42), Address(Locale.EN, seed=42)
    for number in range(rows):
        yield user(number, person.email(), person.full_name(), person.phone_number(), address.address())


def by_sdv(rows, path):
    """What SDV learns of ten thousand rows by faker, and makes of it; learning is not counted."""
    import pandas as pd
    from sdv.metadata import Metadata
    from sdv.single_table import GaussianCopulaSynthesizer

    frame = {"users": pd.DataFrame(by_faker(10_000), columns=COLUMNS)}
    synthesizer = GaussianCopulaSynthesizer(Metadata.detect_from_dataframes(frame))
    synthesizer.fit(frame)
    begun = time.perf_counter()
    sampled = synthesizer.sample(rows)
    sampled.get("users", sampled).to_csv(path, index=False)
    return time.perf_counter() - begun


by, rows, path = sys.argv[1], int(sys.argv[2]), f"{sys.argv[3]}/users.csv"
random.seed(42)
if by == "sdv":
    took = by_sdv(rows, path)
else:
    made = {"faker": by_faker, "mimesis": by_mimesis}[by](rows)
    begun = time.perf_counter()
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(made)
    took = time.perf_counter() - begun
print(f"{rows / took:.0f}")
