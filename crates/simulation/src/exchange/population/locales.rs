//! Formats of names, phone numbers and addresses by country.
//!
//! Names come from the crate `fake` where it has the country. Only its tables are used; the crate's own
//! random streams choose from them, because `rand` does not guarantee stable choices. The tables are not
//! guaranteed to be stable either, so the version of `fake` is pinned.
//!
//! Postal codes are well-formed and start as the town's codes do, but not all of them exist.

use fake::locales::{DE_DE, Data, EN, FR_FR, IT_IT, NL_NL};

/// Position of the house number in an address.
#[derive(Debug)]
pub(crate) enum HouseNumber {
    Before,
    /// After the street, separated by this string.
    After(&'static str),
}

/// Names, phone numbers and addresses of a country.
///
/// In `phones` and `towns`, `#` stands for any digit, `%` for a nonzero digit, and `@` for a letter.
#[derive(Debug)]
pub(crate) struct Locale {
    pub(crate) first: &'static [&'static str],
    pub(crate) last: &'static [&'static str],
    pub(crate) two_surnames: bool,
    pub(crate) phones: &'static [&'static str],
    pub(crate) house: HouseNumber,
    /// Exclusive limit of house numbers.
    pub(crate) houses: i64,
    pub(crate) streets: &'static [&'static str],
    /// Towns with patterns of their postal codes.
    pub(crate) towns: &'static [&'static str],
}

/// Returns the locale of a country; that of the US for unknown countries.
pub(crate) fn locale(country: &str) -> &'static Locale {
    match country {
        "CA" => &CA,
        "DE" => &DE,
        "ES" => &ES,
        "FR" => &FR,
        "GB" => &GB,
        "IT" => &IT,
        "NL" => &NL,
        _ => &US,
    }
}

/// The numbers 555-0100 to 555-0199 are reserved for fiction in every area code of North America.
#[rustfmt::skip] // tables in rows
static US: Locale = Locale {
    first: EN::NAME_FIRST_NAME,
    last: EN::NAME_LAST_NAME,
    two_surnames: false,
    phones: &[
        "+1 202 555 01##", "+1 206 555 01##", "+1 212 555 01##", "+1 213 555 01##",
        "+1 214 555 01##", "+1 215 555 01##", "+1 303 555 01##", "+1 305 555 01##",
        "+1 312 555 01##", "+1 313 555 01##", "+1 404 555 01##", "+1 415 555 01##",
        "+1 503 555 01##", "+1 512 555 01##", "+1 602 555 01##", "+1 612 555 01##",
        "+1 615 555 01##", "+1 617 555 01##", "+1 619 555 01##", "+1 713 555 01##",
    ],
    house: HouseNumber::Before,
    houses: 4_000,
    streets: &[
        "Maple Street", "Oak Street", "Main Street", "Elm Street", "Cedar Avenue", "Park Avenue",
        "Washington Avenue", "Lincoln Avenue", "Highland Avenue", "Pine Street", "Sunset Boulevard",
        "Lake Drive", "River Road", "Church Street", "Walnut Street", "Meadow Lane",
        "Hillcrest Drive", "2nd Street", "5th Avenue", "Ridge Road",
    ],
    towns: &[
        "Atlanta, GA 303##", "Austin, TX 787##", "Boston, MA 021##", "Brooklyn, NY 112##",
        "Chicago, IL 606##", "Columbus, OH 432##", "Denver, CO 802##", "Detroit, MI 482##",
        "Houston, TX 770##", "Los Angeles, CA 900##", "Miami, FL 331##", "Minneapolis, MN 554##",
        "Nashville, TN 372##", "Philadelphia, PA 191##", "Phoenix, AZ 850##", "Portland, OR 972##",
        "San Diego, CA 921##", "San Francisco, CA 941##", "Seattle, WA 981##",
        "Springfield, IL 627##",
    ],
};

/// Phone numbers follow the rule of the US.
#[rustfmt::skip] // tables in rows
static CA: Locale = Locale {
    first: EN::NAME_FIRST_NAME,
    last: EN::NAME_LAST_NAME,
    two_surnames: false,
    phones: &[
        "+1 204 555 01##", "+1 306 555 01##", "+1 403 555 01##", "+1 416 555 01##",
        "+1 418 555 01##", "+1 506 555 01##", "+1 514 555 01##", "+1 604 555 01##",
        "+1 613 555 01##", "+1 647 555 01##", "+1 709 555 01##", "+1 780 555 01##",
        "+1 902 555 01##", "+1 905 555 01##",
    ],
    house: HouseNumber::Before,
    houses: 3_000,
    streets: &[
        "Maple Street", "King Street", "Queen Street", "Main Street", "Church Street",
        "Victoria Avenue", "Park Road", "Dundas Street", "Wellington Street", "Lakeshore Road",
        "Birch Avenue", "Spruce Street", "Elgin Street", "Granville Street", "College Street",
        "Mountain Road",
    ],
    towns: &[
        "Calgary, AB T2@ #@#", "Edmonton, AB T5@ #@#", "Halifax, NS B3@ #@#",
        "Hamilton, ON L8@ #@#", "London, ON N6@ #@#", "Montréal, QC H2@ #@#", "Ottawa, ON K1@ #@#",
        "Québec, QC G1@ #@#", "Regina, SK S4@ #@#", "Saskatoon, SK S7@ #@#",
        "St. John's, NL A1@ #@#", "Toronto, ON M5@ #@#", "Vancouver, BC V6@ #@#",
        "Victoria, BC V8@ #@#", "Winnipeg, MB R3@ #@#",
    ],
};

/// Phone numbers come from the ranges that Ofcom reserves for drama.
#[rustfmt::skip] // tables in rows
static GB: Locale = Locale {
    first: EN::NAME_FIRST_NAME,
    // The English surnames of `fake` are American and Welsh.
    last: &[
        "Ahmed", "Allen", "Baker", "Bennett", "Brown", "Campbell", "Carter", "Clark", "Clarke",
        "Collins", "Cook", "Cooper", "Davies", "Davis", "Edwards", "Evans", "Green", "Griffiths",
        "Hall", "Harris", "Harrison", "Hill", "Hughes", "Jackson", "James", "Johnson", "Jones",
        "Kelly", "Khan", "King", "Lee", "Lewis", "Martin", "Miller", "Mitchell", "Moore", "Morgan",
        "Morris", "Murphy", "Parker", "Patel", "Phillips", "Price", "Roberts", "Robinson", "Scott",
        "Shaw", "Singh", "Smith", "Stewart", "Taylor", "Thomas", "Thompson", "Turner", "Walker",
        "Ward", "Watson", "White", "Williams", "Wilson", "Wood", "Wright", "Young",
    ],
    two_surnames: false,
    phones: &[
        "+44 7700 900###", "+44 7700 900###", "+44 7700 900###", "+44 113 496 0###",
        "+44 117 496 0###", "+44 131 496 0###", "+44 141 496 0###", "+44 161 496 0###",
        "+44 1632 960###", "+44 20 7946 0###",
    ],
    house: HouseNumber::Before,
    houses: 180,
    streets: &[
        "Mill Lane", "High Street", "Church Road", "Station Road", "Victoria Road", "Park Avenue",
        "Queen Street", "Chapel Lane", "Manor Road", "The Crescent", "School Lane", "King's Road",
        "New Road", "Green Lane", "Orchard Close", "Elm Grove",
    ],
    towns: &[
        "Belfast BT% #@@", "Birmingham B% #@@", "Brighton BN1 #@@", "Bristol BS% #@@",
        "Cambridge CB1 #@@", "Cardiff CF10 #@@", "Edinburgh EH% #@@", "Glasgow G1 #@@",
        "Leeds LS% #@@", "Liverpool L% #@@", "London E% #@@", "London N% #@@", "London SE% #@@",
        "London SW% #@@", "Manchester M% #@@", "Newcastle upon Tyne NE% #@@", "Norwich NR% #@@",
        "Nottingham NG% #@@", "Sheffield S% #@@", "York YO10 #@@",
    ],
};

/// Phone numbers come from the ranges that the Bundesnetzagentur reserves for media: notice 148/2021 in its
/// gazette, "Drama Numbers".
#[rustfmt::skip] // tables in rows
static DE: Locale = Locale {
    first: DE_DE::NAME_FIRST_NAME,
    last: DE_DE::NAME_LAST_NAME,
    two_surnames: false,
    phones: &[
        "+49 171 39200 ##", "+49 176 040690 ##", "+49 221 4710 ###", "+49 30 23125 ###",
        "+49 40 66969 ###", "+49 69 90009 ###", "+49 89 99998 ###",
    ],
    house: HouseNumber::After(" "),
    houses: 150,
    streets: &[
        "Lindenweg", "Hauptstraße", "Bahnhofstraße", "Schulstraße", "Gartenstraße", "Dorfstraße",
        "Bergstraße", "Birkenweg", "Kirchstraße", "Waldstraße", "Ringstraße", "Amselweg",
        "Goethestraße", "Schillerstraße", "Mozartstraße", "Am Mühlbach",
    ],
    towns: &[
        "010## Dresden", "041## Leipzig", "101## Berlin", "203## Hamburg", "281## Bremen",
        "301## Hannover", "402## Düsseldorf", "441## Dortmund", "481## Münster", "506## Köln",
        "551## Mainz", "603## Frankfurt am Main", "701## Stuttgart", "791## Freiburg im Breisgau",
        "803## München", "904## Nürnberg",
    ],
};

/// Phone numbers come from the ranges that Arcep reserves for audiovisual works: decision 2018-0881, section
/// 2.5.12.
#[rustfmt::skip] // tables in rows
static FR: Locale = Locale {
    first: FR_FR::NAME_FIRST_NAME,
    last: FR_FR::NAME_LAST_NAME,
    two_surnames: false,
    phones: &[
        "+33 1 99 00 ## ##", "+33 2 61 91 ## ##", "+33 3 53 01 ## ##", "+33 4 65 71 ## ##",
        "+33 5 36 49 ## ##", "+33 6 39 98 ## ##", "+33 6 39 98 ## ##", "+33 6 39 98 ## ##",
    ],
    house: HouseNumber::Before,
    houses: 160,
    streets: &[
        "rue de la Gare", "rue des Écoles", "rue du Moulin", "rue de l'Église", "rue Victor Hugo",
        "rue Pasteur", "rue des Lilas", "rue du Château", "rue des Jardins", "rue Jean Jaurès",
        "rue de la Fontaine", "avenue de la République", "avenue Gambetta", "boulevard Voltaire",
        "place du Marché", "chemin des Vignes",
    ],
    towns: &[
        "06000 Nice", "1300% Marseille", "21000 Dijon", "29200 Brest", "31000 Toulouse",
        "33000 Bordeaux", "34000 Montpellier", "35000 Rennes", "37000 Tours", "38000 Grenoble",
        "44000 Nantes", "49000 Angers", "51100 Reims", "59000 Lille", "67000 Strasbourg",
        "6900% Lyon", "7500% Paris", "7501# Paris",
    ],
};

/// No phone numbers are known to be reserved for fiction here: do not dial these.
#[rustfmt::skip] // tables in rows
static ES: Locale = Locale {
    // The crate `fake` has no Spanish names.
    first: &[
        "Adrián", "Alba", "Alejandro", "Álvaro", "Ana", "Antonio", "Beatriz", "Carla", "Carlos",
        "Carmen", "Cristina", "Daniel", "David", "Diego", "Elena", "Francisco", "Hugo", "Irene",
        "Isabel", "Javier", "Jesús", "Jorge", "José", "Juan", "Julia", "Laura", "Lucía", "Luis",
        "Manuel", "María", "Marina", "Mario", "Marta", "Martín", "Miguel", "Nuria", "Óscar",
        "Pablo", "Patricia", "Paula", "Pedro", "Pilar", "Rafael", "Raquel", "Raúl", "Rocío", "Rosa",
        "Rubén", "Sara", "Sergio", "Silvia", "Sofía", "Teresa", "Víctor",
    ],
    last: &[
        "Alonso", "Álvarez", "Blanco", "Cano", "Castillo", "Castro", "Cortés", "Delgado", "Díaz",
        "Díez", "Domínguez", "Fernández", "García", "Garrido", "Gil", "Gómez", "González",
        "Guerrero", "Gutiérrez", "Hernández", "Herrera", "Iglesias", "Jiménez", "León", "López",
        "Lozano", "Marín", "Martín", "Martínez", "Medina", "Molina", "Morales", "Moreno", "Muñoz",
        "Navarro", "Núñez", "Ortega", "Ortiz", "Peña", "Pérez", "Prieto", "Ramírez", "Ramos", "Rey",
        "Rodríguez", "Romero", "Rubio", "Ruiz", "Sánchez", "Santana", "Santos", "Sanz", "Serrano",
        "Suárez", "Torres", "Vargas", "Vázquez", "Vega",
    ],
    two_surnames: true,
    phones: &["+34 6## ## ## ##", "+34 6## ## ## ##", "+34 91# ## ## ##", "+34 93# ## ## ##"],
    house: HouseNumber::After(", "),
    houses: 140,
    streets: &[
        "Calle Mayor", "Calle Real", "Calle de la Iglesia", "Calle del Sol", "Calle de la Fuente",
        "Calle Nueva", "Calle del Molino", "Calle de la Paz", "Calle San José", "Calle Cervantes",
        "Calle de los Olivos", "Avenida de la Constitución", "Avenida de Andalucía",
        "Paseo de la Alameda", "Plaza de España", "Ronda de Levante",
    ],
    towns: &[
        "0300% Alicante", "0700% Palma", "0800% Barcelona", "0801# Barcelona", "1500% A Coruña",
        "1800% Granada", "2800% Madrid", "2801# Madrid", "2900% Málaga", "3000% Murcia",
        "3300% Oviedo", "4100% Sevilla", "4600% Valencia", "4700% Valladolid", "4800% Bilbao",
        "5000% Zaragoza",
    ],
};

/// No phone numbers are known to be reserved for fiction here: do not dial these.
#[rustfmt::skip] // tables in rows
static NL: Locale = Locale {
    first: NL_NL::NAME_FIRST_NAME,
    last: NL_NL::NAME_LAST_NAME,
    two_surnames: false,
    phones: &["+31 6 1#######", "+31 6 2#######", "+31 6 4#######", "+31 20 %## ####"],
    house: HouseNumber::After(" "),
    houses: 200,
    streets: &[
        "Dorpsstraat", "Kerkstraat", "Molenweg", "Schoolstraat", "Stationsweg", "Julianastraat",
        "Wilhelminastraat", "Beatrixlaan", "Nieuwstraat", "Eikenlaan", "Beukenlaan", "Lindelaan",
        "Kastanjelaan", "Hoofdstraat", "Parallelweg", "Burgemeester Jansenplein",
    ],
    towns: &[
        "101# @@ Amsterdam", "201# @@ Haarlem", "231# @@ Leiden", "251# @@ Den Haag",
        "301# @@ Rotterdam", "351# @@ Utrecht", "481# @@ Breda", "501# @@ Tilburg",
        "561# @@ Eindhoven", "621# @@ Maastricht", "651# @@ Nijmegen", "681# @@ Arnhem",
        "741# @@ Deventer", "801# @@ Zwolle", "971# @@ Groningen",
    ],
};

/// No phone numbers are known to be reserved for fiction here: do not dial these.
#[rustfmt::skip] // tables in rows
static IT: Locale = Locale {
    first: IT_IT::NAME_FIRST_NAME,
    last: IT_IT::NAME_LAST_NAME,
    two_surnames: false,
    phones: &["+39 320 ### ####", "+39 338 ### ####", "+39 347 ### ####", "+39 02 %### ####"],
    house: HouseNumber::After(" "),
    houses: 160,
    streets: &[
        "Via Roma", "Via Garibaldi", "Via Giuseppe Mazzini", "Via Dante Alighieri", "Via Verdi",
        "Via Marconi", "Via della Stazione", "Via San Giovanni", "Via dei Mille", "Via Cavour",
        "Via delle Rose", "Via Aurelia", "Corso Italia", "Corso Vittorio Emanuele",
        "Viale della Libertà", "Piazza del Duomo",
    ],
    towns: &[
        "001## Roma RM", "091## Cagliari CA", "101## Torino TO", "161## Genova GE",
        "201## Milano MI", "251## Brescia BS", "341## Trieste TS", "351## Padova PD",
        "371## Verona VR", "401## Bologna BO", "431## Parma PR", "501## Firenze FI",
        "701## Bari BA", "801## Napoli NA", "901## Palermo PA", "951## Catania CT",
    ],
};
