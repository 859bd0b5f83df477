#!/bin/sh
# Tests from this host what omfwd opens for management_server in section prod.
# Made by omfwd verify-script from omfwd.conf
# Exit status: 0, or 1 when a line that is always open is blocked.
reject=yes
refused='refused, by the host or by the gateway'
LC_ALL=C
export LC_ALL
seconds=3 # of patience for one check
at_once=16
install=no
targets=
usage() {
	echo "usage: sh $0 [--install] [--target ROLE=ADDRESS]..." >&2
	exit 2
}
while [ $# -gt 0 ]; do
	case $1 in
	--install) install=yes ;;
	--target)
		case ${2-} in
		*[!A-Za-z0-9_.:=-]*) usage ;;
		?*=?*) targets="$targets $2" ;;
		*) usage ;;
		esac
		shift
		;;
	*) usage ;;
	esac
	shift
done
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
trap 'exit 2' HUP INT TERM
number=0
skipped=0
wide=
has() {
	command -v "$1" >/dev/null 2>&1
}
failure() { # what was said
	case $1 in
	*efused*) echo refused ;;
	*nreachable* | *'o route'*) echo unreachable ;;
	*) echo 'no answer' ;;
	esac
}
try_tcp() { # address port
	if has bash && has timeout; then
		said=$(timeout "$seconds" bash -c 'exec 3<>"/dev/tcp/$1/$2"' - "$1" "$2" 2>&1) && echo open || failure "$said"
	elif has nc; then
		said=$(nc -z -v -w "$seconds" "$1" "$2" 2>&1) && echo open || failure "$said"
	else
		echo 'not tried: needs bash and timeout, or nc'
	fi
}
try_udp() { # address port probe
	case $3 in
	dns) ask='\022\064\001\000\000\001\000\000\000\000\000\000\000\000\002\000\001' ;;
	snmp) ask='\060\046\002\001\001\004\006public\240\031\002\001\001\002\001\000\002\001\000\060\016\060\014\006\010\053\006\001\002\001\001\003\000\005\000' ;;
	sql_browser) ask='\002' ;;
	*) echo 'cannot be told over UDP'; return ;;
	esac
	if ! has bash || ! has timeout; then
		echo 'not tried: needs bash and timeout'
		return
	fi
	got=$(timeout "$seconds" bash -c 'exec 3<>"/dev/udp/$1/$2" && printf "$3" >&3 && dd bs=1 count=1 <&3 2>/dev/null | wc -c' - "$1" "$2" "$ask" 2>/dev/null)
	if [ "${got:-0}" -ge 1 ]; then echo open; else echo 'no answer, which UDP may mean anything by'; fi
}
try_icmp() { # address
	if ! has ping; then
		echo 'not tried: needs ping'
	elif ping -c 1 -W "$seconds" "$1" >/dev/null 2>&1; then
		echo open
	else
		echo 'no answer'
	fi
}
try() { # row phase protocol port ports role address probe
	case $3 in
	tcp) said=$(try_tcp "$7" "$4") ;;
	udp) said=$(try_udp "$7" "$4" "$8") ;;
	*) said=$(try_icmp "$7") ;;
	esac
	case $3/$said in
	udp/* | */open | */not\ tried*) ;;
	*/refused) [ "$reject" = no ] || : >"$dir/blocked.$2.$9" ;;
	*) : >"$dir/blocked.$2.$9" ;;
	esac
	[ "$said" != refused ] || said=$refused
	printf '%-16s %-8s %-5s %-13s %-36s %-26s %s\n' "$1" "$2" "$3" "$5" "$6" "$7" "$said" >"$dir/$2.$9"
}
check() { # row phase protocol port ports role address probe
	if [ "$2" = install ] && [ "$install" = no ]; then
		skipped=$((skipped + 1))
		return
	fi
	number=$((number + 1))
	try "$@" "$(printf %05d "$number")" &
	[ $((number % at_once)) -ne 0 ] || wait
}
network() { # row phase protocol port ports role members probe
	for target in $targets; do
		[ "${target%%=*}" = "$6" ] || continue
		check "$1" "$2" "$3" "$4" "$5" "$6" "${target#*=}" "$8"
		return
	done
	case " $wide " in
	*" $6 "*) ;;
	*) wide="$wide $6" ;;
	esac
}
check 'cur-01' always tcp 1433 1433 'operations_manager_database' 10.20.2.50 none
check 'cur-01' always tcp 1444 1444-1450 'operations_manager_database' 10.20.2.50 none
check 'cur-02' always tcp 5723 5723 'management_server' 10.20.1.11 none
check 'cur-02' always tcp 5723 5723 'management_server' 10.20.1.12 none
check 'cur-02' always tcp 5723 5723 'management_server' 2001:db8:20::11 none
network 'cur-04' always udp 161 161 'network_device' 10.20.40.0/24 snmp
network 'cur-04' always udp 162 162 'network_device' 10.20.40.0/24 none
network 'cur-04' always icmp 0 echo-request 'network_device' 10.20.40.0/24 none
check 'cur-06' always tcp 1433 1433 'reporting_data_warehouse' 10.20.2.50 none
check 'cur-19' always tcp 1270 1270 'unix_linux_agent' 10.20.30.1 none
check 'cur-19' always tcp 1270 1270 'unix_linux_agent' 10.20.30.2 none
check 'heartbeat-ping' always icmp 0 echo-request 'windows_agent' 10.20.10.1 none
check 'heartbeat-ping' always icmp 0 echo-request 'windows_agent' 10.20.10.2 none
check 'heartbeat-ping' always icmp 0 echo-request 'windows_agent' 10.20.10.3 none
check 'heartbeat-ping' always icmp 0 echo-request 'windows_agent' 10.20.10.4 none
network 'heartbeat-ping' always icmp 0 echo-request 'windows_agent' 10.20.11.7-10.20.11.9 none
check 'cur-01' install tcp 135 135 'operations_manager_database' 10.20.2.50 none
check 'cur-01' install udp 137 137 'operations_manager_database' 10.20.2.50 none
check 'cur-01' install tcp 445 445 'operations_manager_database' 10.20.2.50 none
check 'cur-01' install tcp 49152 49152-65535 'operations_manager_database' 10.20.2.50 none
check 'cur-02' install tcp 5724 5724 'management_server' 10.20.1.11 none
check 'cur-02' install tcp 5724 5724 'management_server' 10.20.1.12 none
check 'cur-02' install tcp 5724 5724 'management_server' 2001:db8:20::11 none
check 'cur-06' install tcp 135 135 'reporting_data_warehouse' 10.20.2.50 none
check 'cur-06' install udp 137 137 'reporting_data_warehouse' 10.20.2.50 none
check 'cur-06' install tcp 445 445 'reporting_data_warehouse' 10.20.2.50 none
check 'cur-06' install tcp 49152 49152-65535 'reporting_data_warehouse' 10.20.2.50 none
check 'cur-18' install tcp 135 135 'windows_agent' 10.20.10.1 none
check 'cur-18' install tcp 135 135 'windows_agent' 10.20.10.2 none
check 'cur-18' install tcp 135 135 'windows_agent' 10.20.10.3 none
check 'cur-18' install tcp 135 135 'windows_agent' 10.20.10.4 none
network 'cur-18' install tcp 135 135 'windows_agent' 10.20.11.7-10.20.11.9 none
check 'cur-18' install udp 137 137 'windows_agent' 10.20.10.1 none
check 'cur-18' install udp 137 137 'windows_agent' 10.20.10.2 none
check 'cur-18' install udp 137 137 'windows_agent' 10.20.10.3 none
check 'cur-18' install udp 137 137 'windows_agent' 10.20.10.4 none
network 'cur-18' install udp 137 137 'windows_agent' 10.20.11.7-10.20.11.9 none
check 'cur-18' install udp 138 138 'windows_agent' 10.20.10.1 none
check 'cur-18' install udp 138 138 'windows_agent' 10.20.10.2 none
check 'cur-18' install udp 138 138 'windows_agent' 10.20.10.3 none
check 'cur-18' install udp 138 138 'windows_agent' 10.20.10.4 none
network 'cur-18' install udp 138 138 'windows_agent' 10.20.11.7-10.20.11.9 none
check 'cur-18' install tcp 139 139 'windows_agent' 10.20.10.1 none
check 'cur-18' install tcp 139 139 'windows_agent' 10.20.10.2 none
check 'cur-18' install tcp 139 139 'windows_agent' 10.20.10.3 none
check 'cur-18' install tcp 139 139 'windows_agent' 10.20.10.4 none
network 'cur-18' install tcp 139 139 'windows_agent' 10.20.11.7-10.20.11.9 none
check 'cur-18' install tcp 445 445 'windows_agent' 10.20.10.1 none
check 'cur-18' install tcp 445 445 'windows_agent' 10.20.10.2 none
check 'cur-18' install tcp 445 445 'windows_agent' 10.20.10.3 none
check 'cur-18' install tcp 445 445 'windows_agent' 10.20.10.4 none
network 'cur-18' install tcp 445 445 'windows_agent' 10.20.11.7-10.20.11.9 none
check 'cur-18' install tcp 49152 49152-65535 'windows_agent' 10.20.10.1 none
check 'cur-18' install tcp 49152 49152-65535 'windows_agent' 10.20.10.2 none
check 'cur-18' install tcp 49152 49152-65535 'windows_agent' 10.20.10.3 none
check 'cur-18' install tcp 49152 49152-65535 'windows_agent' 10.20.10.4 none
network 'cur-18' install tcp 49152 49152-65535 'windows_agent' 10.20.11.7-10.20.11.9 none
check 'cur-20' install tcp 22 22 'unix_linux_agent' 10.20.30.1 none
check 'cur-20' install tcp 22 22 'unix_linux_agent' 10.20.30.2 none
wait
count() { # files
	[ -e "$1" ] || set --
	echo $#
}
printf '%-16s %-8s %-5s %-13s %-36s %-26s %s\n' ROW PHASE PROTO PORT DESTINATION ADDRESS RESULT
for file in "$dir"/always.* "$dir"/install.*; do
	[ ! -e "$file" ] || cat "$file"
done
blocked=$(count "$dir"/blocked.always.*)
echo
echo "always: $(count "$dir"/always.*) tried, $blocked blocked"
if [ "$install" = yes ]; then
	echo "install: $(count "$dir"/install.*) tried, $(count "$dir"/blocked.install.*) blocked, which they are while the window is closed"
elif [ "$skipped" -gt 0 ]; then
	echo "install: $skipped not tried; --install tries them"
fi
for role in $wide; do
	echo "networks of $role: not tried; name a host of them with --target $role=ADDRESS"
done
[ "$blocked" -eq 0 ]
