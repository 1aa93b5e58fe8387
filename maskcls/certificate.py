"""A certificate that this machine signs itself: `python -m maskcls.certificate FOLDER`.

Browsers give a camera to pages opened by https or on localhost only, so that a phone on the same network needs one.
They warn of it once, since nobody else vouches for it.
"""

import ipaddress
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DAYS = 90
_RENEWED_DAYS = 7
CERTIFICATE, KEY = "cert.pem", "key.pem"


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def main(folder: Path) -> None:
    """Write cert.pem and key.pem into FOLDER, unless good ones are there, and say where phones find the app."""
    addresses = own_addresses()
    if not is_good(folder, addresses):
        write(folder, addresses)
    for address in addresses:
        click.echo(f"On this network: https://{address}:8501")


def own_addresses() -> list[str]:
    """Return this machine's addresses in its networks."""
    try:
        found = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    except OSError:  # a machine whose own name no one knows
        found = set()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Nothing is sent: this only asks which way packets would go.
            probe.connect(("192.0.2.1", 9))
            found.add(probe.getsockname()[0])
        except OSError:
            pass
    return sorted(str(address) for address in found if not str(address).startswith("127."))


def is_good(folder: Path, addresses: list[str]) -> bool:
    """Tell whether the folder holds a key and a certificate for these addresses that lasts another week."""
    try:
        certificate = x509.load_pem_x509_certificate((folder / CERTIFICATE).read_bytes())
        (folder / KEY).read_bytes()
    except (OSError, ValueError):
        return False
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    known = {str(address) for address in names.get_values_for_type(x509.IPAddress)}
    lasts = certificate.not_valid_after_utc - datetime.now(UTC) > timedelta(days=_RENEWED_DAYS)
    return lasts and set(addresses) <= known


def write(folder: Path, addresses: list[str]) -> None:
    """Write a new key, readable by its owner only, and its certificate for these addresses and localhost."""
    folder.mkdir(parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "maskcls on this machine")])
    known = [x509.IPAddress(ipaddress.ip_address(address)) for address in ("127.0.0.1", *addresses)]
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=_DAYS))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost"), *known]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8
    secret = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    target = folder / KEY
    target.touch(mode=0o600)
    target.chmod(0o600)
    target.write_bytes(secret)
    (folder / CERTIFICATE).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


if __name__ == "__main__":
    main()
