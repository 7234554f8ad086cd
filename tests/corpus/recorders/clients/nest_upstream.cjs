require("reflect-metadata");
const { Controller, ForbiddenException, Get, Module, Req, UnauthorizedException } = require("@nestjs/common");
const { APP_GUARD, NestFactory } = require("@nestjs/core");
const { ThrottlerGuard, ThrottlerModule } = require("@nestjs/throttler");

class MeController {
  me(request) {
    const key = String(request.headers.authorization ?? "");
    if (key.includes("disabled")) throw new ForbiddenException("API access is not enabled for this account");
    if (key.includes("broken")) throw new Error("unexpected");
    throw new UnauthorizedException("Invalid API key");
  }
}
Controller("api/v1/me")(MeController);
Get()(MeController.prototype, "me", Object.getOwnPropertyDescriptor(MeController.prototype, "me"));
Req()(MeController.prototype, "me", 0);

class AppModule {}
Module({
  imports: [ThrottlerModule.forRoot([{ ttl: 60000, limit: Number(process.env.LIMIT ?? 120) }])],
  controllers: [MeController],
  providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }],
})(AppModule);

NestFactory.create(AppModule, { logger: false }).then((app) => app.listen(Number(process.env.PORT), "127.0.0.1"));
