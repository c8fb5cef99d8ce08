"""Word lists for people, companies and what they are billed for."""

from __future__ import annotations

GIVEN_NAMES = (
    *("Amelia", "Oliver", "Isla", "George", "Priya", "Mohammed", "Siân", "Rhys", "Niamh", "Seán"),
    *("Zoë", "Chloë", "Björn", "Łukasz", "Agnieszka", "José", "Núria", "François", "Ingrid"),
    *("Søren", "Jürgen", "Anaïs", "Óscar", "Ewan", "Morag", "Yusuf", "Fatima", "Wei", "Mei-Ling"),
    *("Chidi", "Adaeze", "Tomasz", "Elena", "Grace", "Harriet", "Jack", "Poppy", "Ravi", "Simran"),
    *("Anne-Marie", "Tāne", "Aroha", "Dmitri", "Noor", "Mateo", "Lena", "Hugo"),
)

FAMILY_NAMES = (
    *("Osborne", "Patel", "O'Connor", "Müller", "Núñez", "Kowalski", "Jones", "Evans", "Campbell"),
    *("MacLeod", "Sørensen", "Åkesson", "Lefèvre", "D'Angelo", "Nguyen", "Chen", "Okafor", "Khan"),
    *("Hussain", "Begum", "Williams", "Taylor", "Brown", "Davies", "Wright", "Hall", "Ferrari"),
    *("García", "Żak", "Novák", "Ó Briain", "van der Berg", "Fernández-Ruiz", "Singh", "Sharma"),
    *("Whitfield", "Ashdown", "Hargreaves", "Llewellyn", "Thistlethwaite", "Kaur", "Papadopoulos"),
    *("Brontë", "Ngata", "Petrov", "Haddad", "Silva", "Lindqvist"),
)

COMPANY_FIRST_WORDS = (
    *("Alder", "Beacon", "Copperfield", "Dunmore", "Elm & Oak", "Foxglove", "Granite", "Harbour"),
    *("Ivy Lane", "Juniper", "Kingfisher", "Larkspur", "Meridian", "Northgate", "Orchard"),
    *(
        "Pennine",
        "Quayside",
        "Redwood",
        "Saltmarsh",
        "Thornbury",
        "Underhill",
        "Valley",
        "Westbrook",
    ),
    *("Yarrow", "Zenith", "Brännström", "Château Vert", "Grünwald", "Peñasco", "St. Mary's"),
)

COMPANY_TRADES = (
    *("Accountants", "Architects", "Bakery", "Cycles", "Dental Care", "Engineering", "Events"),
    *("Freight", "Gardens", "Joinery", "Legal", "Lettings", "Logistics", "Nursery", "Opticians"),
    *("Pharmacy", "Physiotherapy", "Plumbing", "Print", "Recruitment", "Roofing", "Surveyors"),
    *("Training", "Veterinary Group", "Windows"),
)

COMPANY_FORMS = ("Ltd", "Ltd.", "Limited", "LLP", "& Sons", "& Co.", "CIC", "Group plc")

ACCOUNT_MANAGERS = ("Dana Whitlock", "Ifan Rees", "Marta Lis", "Sam Okoro", "Tess Ó Sé")

CONTRACTS = ("Managed IT Bronze", "Managed IT Silver", "Managed IT Gold", "Backup", "Telephony")

CHARGES = (
    "Managed support",
    "Microsoft 365 licences",
    "Cloud backup",
    "Broadband and telephony",
    "Out-of-hours cover",
    "Device rental",
)

CREDITOR_NAME = "Kestrel Managed Services Ltd"
