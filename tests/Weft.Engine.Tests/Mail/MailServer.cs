using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;

namespace Weft.Engine.Tests.Mail;

/// <summary>A message as the server took it.</summary>
public sealed record ReceivedMail(string From, string To, string? User, bool Secure, byte[] Data)
{
    /// <summary>The message as text (it is ASCII but for addresses).</summary>
    public string Text => Encoding.UTF8.GetString(Data);
}

/// <summary>A real mail server (npm smtp-server) in a process of its own, for one test.</summary>
public sealed class MailServer : IAsyncDisposable
{
    private static readonly SemaphoreSlim Installing = new(1);
    private readonly Process _process;
    private readonly Channel<JsonElement> _lines;

    private MailServer(Process process, Channel<JsonElement> lines, int port, X509Certificate2 certificate) =>
        (_process, _lines, Port, Certificate) = (process, lines, port, certificate);

    public int Port { get; }

    /// <summary>What it shows; no authority signed it.</summary>
    public X509Certificate2 Certificate { get; }

    public static async Task<MailServer> StartAsync(object options, CancellationToken cancellationToken)
    {
        var folder = await FolderAsync(cancellationToken);
        var certificate = MakeCertificate();
        var settings = JsonSerializer.SerializeToNode(options)!.AsObject();
        settings["key"] = certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem();
        settings["cert"] = certificate.ExportCertificatePem();

        var start = new ProcessStartInfo("node") { UseShellExecute = false, WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardInput = true };
        start.ArgumentList.Add("server.js");
        start.ArgumentList.Add(settings.ToJsonString());
        var process = Process.Start(start)!;
        var lines = Channel.CreateUnbounded<JsonElement>();
        process.OutputDataReceived += (_, e) =>
        {
            if (e.Data is null) lines.Writer.TryComplete();
            else lines.Writer.TryWrite(JsonSerializer.Deserialize<JsonElement>(e.Data));
        };
        process.BeginOutputReadLine();
        var first = await lines.Reader.ReadAsync(cancellationToken);
        return new MailServer(process, lines, first.GetProperty("port").GetInt32(), certificate);
    }

    /// <summary>The next thing it says: a message, or that a recipient made it stall or drop the connection.</summary>
    public async Task<JsonElement> NextLineAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        return await _lines.Reader.ReadAsync(limit.Token);
    }

    public async Task<ReceivedMail> NextAsync(CancellationToken cancellationToken)
    {
        var line = await NextLineAsync(cancellationToken);
        return new ReceivedMail(
            line.GetProperty("from").GetString()!,
            line.GetProperty("to").EnumerateArray().Single().GetString()!,
            line.TryGetProperty("user", out var user) && user.ValueKind == JsonValueKind.String ? user.GetString() : null,
            line.GetProperty("secure").GetBoolean(),
            line.GetProperty("data").GetBytesFromBase64());
    }

    /// <summary>True when it has said nothing that was not read.</summary>
    public bool IsSilent => !_lines.Reader.TryPeek(out _);

    public static X509Certificate2 MakeCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }

    private static async Task<string> FolderAsync(CancellationToken cancellationToken)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Weft.slnx"))) root = root.Parent ?? throw new InvalidOperationException("The tests do not run inside the repository.");
        var folder = Path.Combine(root.FullName, "tests", "Weft.Engine.Tests", "Mail", "server");
        await Installing.WaitAsync(cancellationToken);
        try
        {
            if (Directory.Exists(Path.Combine(folder, "node_modules", "smtp-server"))) return folder;
            using var install = Process.Start(new ProcessStartInfo("npm", ["ci", "--no-audit", "--no-fund", "--silent"]) { UseShellExecute = false, WorkingDirectory = folder })!;
            await install.WaitForExitAsync(cancellationToken);
            return install.ExitCode == 0 ? folder : throw new InvalidOperationException($"npm ci failed in {folder}; the mail tests need smtp-server.");
        }
        finally
        {
            Installing.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
        }
        _process.Dispose();
        Certificate.Dispose();
    }
}
