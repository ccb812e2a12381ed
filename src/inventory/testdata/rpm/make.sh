#!/bin/bash
# Makes the small databases of this folder anew: a few packages built with rpmbuild and installed into a scratch root by the
# real rpm. Its SQLite database is copied without the indexes; the same headers are written as ndb (Debian's rpm is built
# without it) by the layout that rpm's lib/backend/ndb documents, and as BerkeleyDB (which rpm can no longer write) by perl's
# DB_File in both byte orders, which rpm's bdb_ro then must read. expected.tsv and files.tsv are what rpm itself says.
# Needs: rpm, perl, python3, gpg. Usage: ./make.sh
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

spec() {  # name version release more-tags files
  cat > "$1.spec" <<EOF
Name: $1
Version: $2
Release: $3
Summary: A package of the test suite
License: MIT AND (GPL-2.0-or-later OR Apache-2.0)
Vendor: Bulkhead Test Vendor
Packager: Packager <packager@example.test>
$4
%description
A package of the test suite.
%install
mkdir -p %{buildroot}/usr/bin %{buildroot}/usr/share/doc/%{name} %{buildroot}/etc
echo $1 > %{buildroot}/usr/bin/$1
echo doc > %{buildroot}/usr/share/doc/%{name}/README
echo conf > %{buildroot}/etc/$1.conf
%files
/usr/bin/$1
%doc /usr/share/doc/%{name}/README
%config /etc/$1.conf
$5
EOF
  SOURCE_DATE_EPOCH=1700000000 rpmbuild -bb --quiet --define "_topdir $work/build" \
    --define "use_source_date_epoch_as_buildtime 1" --define "_buildhost example.test" --target "${6:-x86_64}" "$1.spec" > /dev/null 2>&1
}
spec plain 1.0 1 "" ""
spec with-epoch 2.5 3.el9 "Epoch: 4" ""
spec tilde-caret '3.0~rc1^20260101git' 0.1 "" "" noarch
spec modular 10.2 1.module+el8 "ModularityLabel: nodejs:10:8020020200707141642:6a468ee4" ""
spec zero-epoch 7 7 "Epoch: 0" "%ghost /etc/made-later"
many=$(for i in $(seq 400); do echo "%ghost /usr/lib/many/folder$((i % 7))/file-number-$i"; done)
spec many-files 1.2.3 4 "" "$many"

rpm_db() { rpm --root "$work/root" --dbpath /db --define "_db_backend sqlite" "$@" 2> >(grep -v Alien >&2); }
rpm_db --initdb
rpm_db -i --nodeps --excludedocs --ignorearch --noscripts build/RPMS/*/*.rpm
export GNUPGHOME=$work/gnupg
mkdir -m 700 "$GNUPGHOME"
gpg --batch --quiet --passphrase '' --quick-generate-key 'Test <test@example.test>' rsa2048 sign never 2> /dev/null
gpg --batch --quiet --armor --export > key.asc
rpm_db --import key.asc

query() { rpm_db -qa --qf "$1" | grep -v '^gpg-pubkey' | LC_ALL=C sort; }
{ printf 'name\tepoch\tversion\trelease\tarch\tsourcerpm\tvendor\tmodularitylabel\n'
  query '%{NAME}\t%{EPOCHNUM}\t%{VERSION}\t%{RELEASE}\t%{ARCH}\t%{SOURCERPM}\t%{VENDOR}\t%{MODULARITYLABEL}\n'; } > "$here/expected.tsv"
query '[%{=NAME}\t%{FILENAMES}\t%{FILESTATES:fstate}\n]' | awk -F '\t' '$3 == "normal" { print $1 "\t" $2 }' > "$here/files.tsv"

python3 - "$work/root/db/rpmdb.sqlite" "$here/rpmdb.sqlite" "$work/headers" "$here/Packages.db" <<'EOF'
import os, sqlite3, struct, sys, zlib
source = sqlite3.connect(sys.argv[1])
source.execute("pragma wal_checkpoint(truncate)")
os.makedirs(sys.argv[3])
if os.path.exists(sys.argv[2]): os.remove(sys.argv[2])
# The tables of headers alone: the indexes are most of the file, and are not read.
target = sqlite3.connect(sys.argv[2])
target.execute("pragma page_size = 512")
target.execute("pragma journal_mode = wal")
target.execute("create table Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
for number, blob in source.execute("select hnum, blob from Packages"):
    target.execute("insert into Packages values (?, ?)", (number, blob))
    open(f"{sys.argv[3]}/{number}", "wb").write(blob)
target.commit()
target.execute("pragma wal_checkpoint(truncate)")
target.close()

BLOCK, PAGE = 16, 4096
slots, blobs, block = b"", b"", PAGE // BLOCK
for number, header in source.execute("select hnum, blob from Packages"):
    count = -(-(len(header) + 28) // BLOCK)
    blob = (b"BlbS" + struct.pack("<III", number, 1, len(header)) + header).ljust(count * BLOCK - 12, b"\0")
    blobs += blob + struct.pack("<II", zlib.adler32(blob), len(header)) + b"BlbE"
    slots += b"Slot" + struct.pack("<III", number, block, count)
    block += count
    next_number = number + 1
slots = (b"RpmP" + struct.pack("<IIII", 0, 1, 1, next_number)).ljust(32, b"\0") + slots
slots += (b"Slot" + bytes(12)) * ((PAGE - len(slots)) // 16)
open(sys.argv[4], "wb").write(slots + blobs)
EOF
for order in 1234 4321; do
  perl -MDB_File -MFcntl -e '
    my ($order, $file, $folder) = @ARGV;
    my $info = new DB_File::HASHINFO;
    $info->{lorder} = $order;
    $info->{bsize} = 512;
    unlink $file;
    tie(my %db, "DB_File", $file, O_RDWR | O_CREAT, 0644, $info) or die "$file: $!";
    my $pack = $order == 1234 ? "V" : "N";
    $db{pack($pack, 0)} = pack($pack, 7);
    for my $number (sort { $a <=> $b } map { s{.*/}{}r } glob("$folder/*")) {
      open(my $in, "<:raw", "$folder/$number") or die;
      local $/;
      $db{pack($pack, $number)} = <$in>;
    }
    untie %db;' "$order" "$here/Packages-$order" "$work/headers"
done
mkdir bdb
cp "$here/Packages-1234" bdb/Packages
rpm --dbpath "$work/bdb" --define "_db_backend bdb_ro" -qa --qf '%{NAME}\t%{EPOCHNUM}\n' | grep -v '^gpg-pubkey' | LC_ALL=C sort |
  diff - <(tail -n +2 "$here/expected.tsv" | cut -f 1,2)
cp "$here/Packages-4321" bdb/Packages
rpm --dbpath "$work/bdb" --define "_db_backend bdb_ro" -qa --qf '%{NAME}\t%{EPOCHNUM}\n' | grep -v '^gpg-pubkey' | LC_ALL=C sort |
  diff - <(tail -n +2 "$here/expected.tsv" | cut -f 1,2)
chmod 644 "$here"/*
chmod 755 "$here/make.sh"
ls -l "$here"
