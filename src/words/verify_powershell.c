// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The script for Windows PowerShell 5.1: ASCII, without anything that 5.1 lacks. Test-NetConnection says only yes or no,
 * and waits long for a no; so checks run sixteen at a time, and after a no a second attempt tells a refusal from silence.
 */
#include "words/verify_script.h"

#include "words/words.h"

/* clang-format off */
static const char head[] =
"$ErrorActionPreference = 'Stop'\n"
"$Checks = New-Object System.Collections.ArrayList\n"
"$Wide = New-Object System.Collections.ArrayList\n"
"$Skipped = 0\n"
"foreach ($Item in $Target) {\n"
"    if ($Item -notmatch '^[A-Za-z0-9_.-]+=[0-9A-Fa-f.:]+$') {\n"
"        [Console]::Error.WriteLine('-Target is written ROLE=ADDRESS')\n"
"        exit 2\n"
"    }\n"
"}\n"
"function Add-Check($Row, $Phase, $Protocol, $Port, $Ports, $Role, $Address, $Probe) {\n"
"    if ($Phase -eq 'install' -and -not $Install) {\n"
"        $script:Skipped++\n"
"        return\n"
"    }\n"
"    [void]$Checks.Add([pscustomobject]@{\n"
"        Row = $Row; Phase = $Phase; Protocol = $Protocol; Port = $Port; Ports = $Ports\n"
"        Destination = $Role; Address = $Address; Probe = $Probe; Result = ''\n"
"    })\n"
"}\n"
"function Add-Network($Row, $Phase, $Protocol, $Port, $Ports, $Role, $Members, $Probe) {\n"
"    foreach ($Item in $Target) {\n"
"        $Parts = $Item.Split('=')\n"
"        if ($Parts[0] -eq $Role) {\n"
"            Add-Check $Row $Phase $Protocol $Port $Ports $Role $Parts[1] $Probe\n"
"            return\n"
"        }\n"
"    }\n"
"    if (-not $Wide.Contains($Role)) { [void]$Wide.Add($Role) }\n"
"}\n"
"# Runs in a runspace of its own and returns the result in words.\n"
"$Try = {\n"
"    param($Check, $Seconds)\n"
"    $ProgressPreference = 'SilentlyContinue'\n"
"    $WarningPreference = 'SilentlyContinue'\n"
"    function Test-Refused($Address, $Port) {\n"
"        $Family = ([System.Net.IPAddress]::Parse($Address)).AddressFamily\n"
"        $Client = New-Object System.Net.Sockets.TcpClient($Family)\n"
"        try {\n"
"            $Wait = $Client.BeginConnect($Address, $Port, $null, $null)\n"
"            if (-not $Wait.AsyncWaitHandle.WaitOne($Seconds * 1000)) { return 'no answer' }\n"
"            $Client.EndConnect($Wait)\n"
"            return 'open'\n"
"        } catch [System.Net.Sockets.SocketException] {\n"
"            if ($_.Exception.SocketErrorCode -eq 'ConnectionRefused') { return 'refused' }\n"
"            if ($_.Exception.SocketErrorCode -match 'Unreachable') { return 'unreachable' }\n"
"            return 'no answer'\n"
"        } finally {\n"
"            $Client.Close()\n"
"        }\n"
"    }\n"
"    function Test-Udp($Address, $Port, $Probe) {\n"
"        if ($Probe -eq 'none') { return 'cannot be told over UDP' }\n"
"        $Ask = switch ($Probe) {\n"
"            'dns' { [byte[]](0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1) }\n"
"            'snmp' { [byte[]](0x30, 0x26, 2, 1, 1, 4, 6, 0x70, 0x75, 0x62, 0x6c, 0x69, 0x63, 0xa0, 0x19, 2, 1, 1, 2, 1, 0, 2, 1, 0, 0x30, 0x0e, 0x30, 0x0c, 6, 8, 0x2b, 6, 1, 2, 1, 1, 3, 0, 5, 0) }\n"
"            'sql_browser' { [byte[]](, 2) }\n"
"        }\n"
"        $Family = ([System.Net.IPAddress]::Parse($Address)).AddressFamily\n"
"        $Client = New-Object System.Net.Sockets.UdpClient($Family)\n"
"        try {\n"
"            $Client.Client.ReceiveTimeout = $Seconds * 1000\n"
"            $Client.Connect($Address, $Port)\n"
"            [void]$Client.Send([byte[]]$Ask, @($Ask).Length)\n"
"            $From = New-Object System.Net.IPEndPoint([System.Net.IPAddress]::Parse($Address), 0)\n"
"            [void]$Client.Receive([ref]$From)\n"
"            return 'open'\n"
"        } catch {\n"
"            return 'no answer, which UDP may mean anything by'\n"
"        } finally {\n"
"            $Client.Close()\n"
"        }\n"
"    }\n"
"    if ($Check.Protocol -eq 'udp') { return Test-Udp $Check.Address $Check.Port $Check.Probe }\n"
"    if ($Check.Protocol -eq 'icmp') {\n"
"        if (Test-Connection -ComputerName $Check.Address -Count 1 -Quiet) { return 'open' }\n"
"        return 'no answer'\n"
"    }\n"
"    if (Test-NetConnection -ComputerName $Check.Address -Port $Check.Port -InformationLevel Quiet -WarningAction SilentlyContinue) { return 'open' }\n"
"    return Test-Refused $Check.Address $Check.Port\n"
"}\n";

static const char tail[] =
"$Pool = [System.Management.Automation.Runspaces.RunspaceFactory]::CreateRunspacePool(1, 16)\n"
"$Pool.Open()\n"
"$Running = foreach ($Check in $Checks) {\n"
"    $Shell = [System.Management.Automation.PowerShell]::Create()\n"
"    $Shell.RunspacePool = $Pool\n"
"    [void]$Shell.AddScript($Try.ToString()).AddArgument($Check).AddArgument($TimeoutSeconds)\n"
"    [pscustomobject]@{ Check = $Check; Shell = $Shell; Handle = $Shell.BeginInvoke() }\n"
"}\n"
"foreach ($Item in $Running) {\n"
"    try {\n"
"        $Item.Check.Result = [string]($Item.Shell.EndInvoke($Item.Handle) | Select-Object -Last 1)\n"
"    } catch {\n"
"        $Item.Check.Result = 'not tried: ' + $_.Exception.Message\n"
"    }\n"
"    $Item.Shell.Dispose()\n"
"}\n"
"$Pool.Close()\n"
"function Test-Blocked($Check) {\n"
"    if ($Check.Protocol -eq 'udp' -or $Check.Result -eq 'open' -or $Check.Result -like 'not tried*') { return $false }\n"
"    return $Reject -or $Check.Result -ne 'refused'\n"
"}\n"
"$Always = @($Checks | Where-Object { $_.Phase -eq 'always' })\n"
"$Later = @($Checks | Where-Object { $_.Phase -eq 'install' })\n"
"$Blocked = @($Always | Where-Object { Test-Blocked $_ })\n"
"$BlockedLater = @($Later | Where-Object { Test-Blocked $_ })\n"
"foreach ($Check in $Checks) { if ($Check.Result -eq 'refused') { $Check.Result = $Refused } }\n"
"@($Always) + @($Later) | Format-Table -AutoSize -Property Row, Phase, Protocol, Ports, Destination, Address, Result | Out-String -Width 200 | Write-Output\n"
"Write-Output ('always: {0} tried, {1} blocked' -f $Always.Count, $Blocked.Count)\n"
"if ($Install) {\n"
"    Write-Output ('install: {0} tried, {1} blocked, which they are while the window is closed' -f $Later.Count, $BlockedLater.Count)\n"
"} elseif ($Skipped -gt 0) {\n"
"    Write-Output ('install: {0} not tried; -Install tries them' -f $Skipped)\n"
"}\n"
"foreach ($Role in $Wide) {\n"
"    Write-Output ('networks of {0}: not tried; name a host of them with -Target {0}=ADDRESS' -f $Role)\n"
"}\n"
"if ($Blocked.Count -gt 0) { exit 1 }\n"
"exit 0\n";
/* clang-format on */

static void print_check(const struct script_check *check, FILE *out)
{
	const struct line *line = check->line;
	char ports[PORTS_MAX];

	fprintf(out, "%s '", check->is_network ? "Add-Network" : "Add-Check");
	script_print_word(check->rows, out);
	fprintf(out, "' '%s' '%s' %u '%s' '", words_phase(line->phase), proto_name(line->proto),
	        line->ports.lo, words_ports(line->proto, &line->ports, ports, sizeof(ports)));
	script_print_word(check->role, out);
	fprintf(out, "' '%s' '%s'\n", check->address, probe_name(check->probe));
}

void script_print_powershell(const struct script *script, FILE *out)
{
	bool reject = script->policy->settings.deny_action == DENY_REJECT;

	fputs("#Requires -Version 5.1\n", out);
	script_print_origin(script, out);
	fputs("\n# Exit code: 0, or 1 when a line that is always open is blocked.\n"
	      "param([switch]$Install, [string[]]$Target = @(), [int]$TimeoutSeconds = 3)\n",
	      out);
	fprintf(out, "$Reject = $%s\n$Refused = '%s'\n", reject ? "true" : "false",
	        reject ? "refused, by the host or by the gateway" : "refused: it passes, nothing listens");
	fputs(head, out);
	for (size_t i = 0; i < script->n; i++)
		print_check(&script->checks[i], out);
	fputs(tail, out);
}
