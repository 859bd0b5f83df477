#Requires -Version 5.1
# Tests from this host what omfwd opens for management_server in section prod.
# Made by omfwd verify-script from omfwd.conf
# Exit code: 0, or 1 when a line that is always open is blocked.
param([switch]$Install, [string[]]$Target = @(), [int]$TimeoutSeconds = 3)
$Reject = $true
$Refused = 'refused, by the host or by the gateway'
$ErrorActionPreference = 'Stop'
$Checks = New-Object System.Collections.ArrayList
$Wide = New-Object System.Collections.ArrayList
$Skipped = 0
foreach ($Item in $Target) {
    if ($Item -notmatch '^[A-Za-z0-9_.-]+=[0-9A-Fa-f.:]+$') {
        [Console]::Error.WriteLine('-Target is written ROLE=ADDRESS')
        exit 2
    }
}
function Add-Check($Row, $Phase, $Protocol, $Port, $Ports, $Role, $Address, $Probe) {
    if ($Phase -eq 'install' -and -not $Install) {
        $script:Skipped++
        return
    }
    [void]$Checks.Add([pscustomobject]@{
        Row = $Row; Phase = $Phase; Protocol = $Protocol; Port = $Port; Ports = $Ports
        Destination = $Role; Address = $Address; Probe = $Probe; Result = ''
    })
}
function Add-Network($Row, $Phase, $Protocol, $Port, $Ports, $Role, $Members, $Probe) {
    foreach ($Item in $Target) {
        $Parts = $Item.Split('=')
        if ($Parts[0] -eq $Role) {
            Add-Check $Row $Phase $Protocol $Port $Ports $Role $Parts[1] $Probe
            return
        }
    }
    if (-not $Wide.Contains($Role)) { [void]$Wide.Add($Role) }
}
# Runs in a runspace of its own and returns the result in words.
$Try = {
    param($Check, $Seconds)
    $ProgressPreference = 'SilentlyContinue'
    $WarningPreference = 'SilentlyContinue'
    function Test-Refused($Address, $Port) {
        $Family = ([System.Net.IPAddress]::Parse($Address)).AddressFamily
        $Client = New-Object System.Net.Sockets.TcpClient($Family)
        try {
            $Wait = $Client.BeginConnect($Address, $Port, $null, $null)
            if (-not $Wait.AsyncWaitHandle.WaitOne($Seconds * 1000)) { return 'no answer' }
            $Client.EndConnect($Wait)
            return 'open'
        } catch [System.Net.Sockets.SocketException] {
            if ($_.Exception.SocketErrorCode -eq 'ConnectionRefused') { return 'refused' }
            if ($_.Exception.SocketErrorCode -match 'Unreachable') { return 'unreachable' }
            return 'no answer'
        } finally {
            $Client.Close()
        }
    }
    function Test-Udp($Address, $Port, $Probe) {
        if ($Probe -eq 'none') { return 'cannot be told over UDP' }
        $Ask = switch ($Probe) {
            'dns' { [byte[]](0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1) }
            'snmp' { [byte[]](0x30, 0x26, 2, 1, 1, 4, 6, 0x70, 0x75, 0x62, 0x6c, 0x69, 0x63, 0xa0, 0x19, 2, 1, 1, 2, 1, 0, 2, 1, 0, 0x30, 0x0e, 0x30, 0x0c, 6, 8, 0x2b, 6, 1, 2, 1, 1, 3, 0, 5, 0) }
            'sql_browser' { [byte[]](, 2) }
        }
        $Family = ([System.Net.IPAddress]::Parse($Address)).AddressFamily
        $Client = New-Object System.Net.Sockets.UdpClient($Family)
        try {
            $Client.Client.ReceiveTimeout = $Seconds * 1000
            $Client.Connect($Address, $Port)
            [void]$Client.Send([byte[]]$Ask, @($Ask).Length)
            $From = New-Object System.Net.IPEndPoint([System.Net.IPAddress]::Parse($Address), 0)
            [void]$Client.Receive([ref]$From)
            return 'open'
        } catch {
            return 'no answer, which UDP may mean anything by'
        } finally {
            $Client.Close()
        }
    }
    if ($Check.Protocol -eq 'udp') { return Test-Udp $Check.Address $Check.Port $Check.Probe }
    if ($Check.Protocol -eq 'icmp') {
        if (Test-Connection -ComputerName $Check.Address -Count 1 -Quiet) { return 'open' }
        return 'no answer'
    }
    if (Test-NetConnection -ComputerName $Check.Address -Port $Check.Port -InformationLevel Quiet -WarningAction SilentlyContinue) { return 'open' }
    return Test-Refused $Check.Address $Check.Port
}
Add-Check 'cur-01' 'always' 'tcp' 1433 '1433' 'operations_manager_database' '10.20.2.50' 'none'
Add-Check 'cur-01' 'always' 'tcp' 1444 '1444-1450' 'operations_manager_database' '10.20.2.50' 'none'
Add-Check 'cur-02' 'always' 'tcp' 5723 '5723' 'management_server' '10.20.1.11' 'none'
Add-Check 'cur-02' 'always' 'tcp' 5723 '5723' 'management_server' '10.20.1.12' 'none'
Add-Check 'cur-02' 'always' 'tcp' 5723 '5723' 'management_server' '2001:db8:20::11' 'none'
Add-Network 'cur-04' 'always' 'udp' 161 '161' 'network_device' '10.20.40.0/24' 'snmp'
Add-Network 'cur-04' 'always' 'udp' 162 '162' 'network_device' '10.20.40.0/24' 'none'
Add-Network 'cur-04' 'always' 'icmp' 0 'echo-request' 'network_device' '10.20.40.0/24' 'none'
Add-Check 'cur-06' 'always' 'tcp' 1433 '1433' 'reporting_data_warehouse' '10.20.2.50' 'none'
Add-Check 'cur-19' 'always' 'tcp' 1270 '1270' 'unix_linux_agent' '10.20.30.1' 'none'
Add-Check 'cur-19' 'always' 'tcp' 1270 '1270' 'unix_linux_agent' '10.20.30.2' 'none'
Add-Check 'heartbeat-ping' 'always' 'icmp' 0 'echo-request' 'windows_agent' '10.20.10.1' 'none'
Add-Check 'heartbeat-ping' 'always' 'icmp' 0 'echo-request' 'windows_agent' '10.20.10.2' 'none'
Add-Check 'heartbeat-ping' 'always' 'icmp' 0 'echo-request' 'windows_agent' '10.20.10.3' 'none'
Add-Check 'heartbeat-ping' 'always' 'icmp' 0 'echo-request' 'windows_agent' '10.20.10.4' 'none'
Add-Network 'heartbeat-ping' 'always' 'icmp' 0 'echo-request' 'windows_agent' '10.20.11.7-10.20.11.9' 'none'
Add-Check 'cur-01' 'install' 'tcp' 135 '135' 'operations_manager_database' '10.20.2.50' 'none'
Add-Check 'cur-01' 'install' 'udp' 137 '137' 'operations_manager_database' '10.20.2.50' 'none'
Add-Check 'cur-01' 'install' 'tcp' 445 '445' 'operations_manager_database' '10.20.2.50' 'none'
Add-Check 'cur-01' 'install' 'tcp' 49152 '49152-65535' 'operations_manager_database' '10.20.2.50' 'none'
Add-Check 'cur-02' 'install' 'tcp' 5724 '5724' 'management_server' '10.20.1.11' 'none'
Add-Check 'cur-02' 'install' 'tcp' 5724 '5724' 'management_server' '10.20.1.12' 'none'
Add-Check 'cur-02' 'install' 'tcp' 5724 '5724' 'management_server' '2001:db8:20::11' 'none'
Add-Check 'cur-06' 'install' 'tcp' 135 '135' 'reporting_data_warehouse' '10.20.2.50' 'none'
Add-Check 'cur-06' 'install' 'udp' 137 '137' 'reporting_data_warehouse' '10.20.2.50' 'none'
Add-Check 'cur-06' 'install' 'tcp' 445 '445' 'reporting_data_warehouse' '10.20.2.50' 'none'
Add-Check 'cur-06' 'install' 'tcp' 49152 '49152-65535' 'reporting_data_warehouse' '10.20.2.50' 'none'
Add-Check 'cur-18' 'install' 'tcp' 135 '135' 'windows_agent' '10.20.10.1' 'none'
Add-Check 'cur-18' 'install' 'tcp' 135 '135' 'windows_agent' '10.20.10.2' 'none'
Add-Check 'cur-18' 'install' 'tcp' 135 '135' 'windows_agent' '10.20.10.3' 'none'
Add-Check 'cur-18' 'install' 'tcp' 135 '135' 'windows_agent' '10.20.10.4' 'none'
Add-Network 'cur-18' 'install' 'tcp' 135 '135' 'windows_agent' '10.20.11.7-10.20.11.9' 'none'
Add-Check 'cur-18' 'install' 'udp' 137 '137' 'windows_agent' '10.20.10.1' 'none'
Add-Check 'cur-18' 'install' 'udp' 137 '137' 'windows_agent' '10.20.10.2' 'none'
Add-Check 'cur-18' 'install' 'udp' 137 '137' 'windows_agent' '10.20.10.3' 'none'
Add-Check 'cur-18' 'install' 'udp' 137 '137' 'windows_agent' '10.20.10.4' 'none'
Add-Network 'cur-18' 'install' 'udp' 137 '137' 'windows_agent' '10.20.11.7-10.20.11.9' 'none'
Add-Check 'cur-18' 'install' 'udp' 138 '138' 'windows_agent' '10.20.10.1' 'none'
Add-Check 'cur-18' 'install' 'udp' 138 '138' 'windows_agent' '10.20.10.2' 'none'
Add-Check 'cur-18' 'install' 'udp' 138 '138' 'windows_agent' '10.20.10.3' 'none'
Add-Check 'cur-18' 'install' 'udp' 138 '138' 'windows_agent' '10.20.10.4' 'none'
Add-Network 'cur-18' 'install' 'udp' 138 '138' 'windows_agent' '10.20.11.7-10.20.11.9' 'none'
Add-Check 'cur-18' 'install' 'tcp' 139 '139' 'windows_agent' '10.20.10.1' 'none'
Add-Check 'cur-18' 'install' 'tcp' 139 '139' 'windows_agent' '10.20.10.2' 'none'
Add-Check 'cur-18' 'install' 'tcp' 139 '139' 'windows_agent' '10.20.10.3' 'none'
Add-Check 'cur-18' 'install' 'tcp' 139 '139' 'windows_agent' '10.20.10.4' 'none'
Add-Network 'cur-18' 'install' 'tcp' 139 '139' 'windows_agent' '10.20.11.7-10.20.11.9' 'none'
Add-Check 'cur-18' 'install' 'tcp' 445 '445' 'windows_agent' '10.20.10.1' 'none'
Add-Check 'cur-18' 'install' 'tcp' 445 '445' 'windows_agent' '10.20.10.2' 'none'
Add-Check 'cur-18' 'install' 'tcp' 445 '445' 'windows_agent' '10.20.10.3' 'none'
Add-Check 'cur-18' 'install' 'tcp' 445 '445' 'windows_agent' '10.20.10.4' 'none'
Add-Network 'cur-18' 'install' 'tcp' 445 '445' 'windows_agent' '10.20.11.7-10.20.11.9' 'none'
Add-Check 'cur-18' 'install' 'tcp' 49152 '49152-65535' 'windows_agent' '10.20.10.1' 'none'
Add-Check 'cur-18' 'install' 'tcp' 49152 '49152-65535' 'windows_agent' '10.20.10.2' 'none'
Add-Check 'cur-18' 'install' 'tcp' 49152 '49152-65535' 'windows_agent' '10.20.10.3' 'none'
Add-Check 'cur-18' 'install' 'tcp' 49152 '49152-65535' 'windows_agent' '10.20.10.4' 'none'
Add-Network 'cur-18' 'install' 'tcp' 49152 '49152-65535' 'windows_agent' '10.20.11.7-10.20.11.9' 'none'
Add-Check 'cur-20' 'install' 'tcp' 22 '22' 'unix_linux_agent' '10.20.30.1' 'none'
Add-Check 'cur-20' 'install' 'tcp' 22 '22' 'unix_linux_agent' '10.20.30.2' 'none'
$Pool = [System.Management.Automation.Runspaces.RunspaceFactory]::CreateRunspacePool(1, 16)
$Pool.Open()
$Running = foreach ($Check in $Checks) {
    $Shell = [System.Management.Automation.PowerShell]::Create()
    $Shell.RunspacePool = $Pool
    [void]$Shell.AddScript($Try.ToString()).AddArgument($Check).AddArgument($TimeoutSeconds)
    [pscustomobject]@{ Check = $Check; Shell = $Shell; Handle = $Shell.BeginInvoke() }
}
foreach ($Item in $Running) {
    try {
        $Item.Check.Result = [string]($Item.Shell.EndInvoke($Item.Handle) | Select-Object -Last 1)
    } catch {
        $Item.Check.Result = 'not tried: ' + $_.Exception.Message
    }
    $Item.Shell.Dispose()
}
$Pool.Close()
function Test-Blocked($Check) {
    if ($Check.Protocol -eq 'udp' -or $Check.Result -eq 'open' -or $Check.Result -like 'not tried*') { return $false }
    return $Reject -or $Check.Result -ne 'refused'
}
$Always = @($Checks | Where-Object { $_.Phase -eq 'always' })
$Later = @($Checks | Where-Object { $_.Phase -eq 'install' })
$Blocked = @($Always | Where-Object { Test-Blocked $_ })
$BlockedLater = @($Later | Where-Object { Test-Blocked $_ })
foreach ($Check in $Checks) { if ($Check.Result -eq 'refused') { $Check.Result = $Refused } }
@($Always) + @($Later) | Format-Table -AutoSize -Property Row, Phase, Protocol, Ports, Destination, Address, Result | Out-String -Width 200 | Write-Output
Write-Output ('always: {0} tried, {1} blocked' -f $Always.Count, $Blocked.Count)
if ($Install) {
    Write-Output ('install: {0} tried, {1} blocked, which they are while the window is closed' -f $Later.Count, $BlockedLater.Count)
} elseif ($Skipped -gt 0) {
    Write-Output ('install: {0} not tried; -Install tries them' -f $Skipped)
}
foreach ($Role in $Wide) {
    Write-Output ('networks of {0}: not tried; name a host of them with -Target {0}=ADDRESS' -f $Role)
}
if ($Blocked.Count -gt 0) { exit 1 }
exit 0
